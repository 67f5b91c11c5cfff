import {
  type CodedCopy,
  type CodedFile,
  CopiedRows,
  type DayCoding,
  RowsChecksum,
  type TickColumns,
} from "@fx-ohlc/archive";

/** Makes no file of a day, and tells the checksum of its rows. */
export class RowsCoding implements DayCoding {
  private readonly checksum = new RowsChecksum();
  private readonly rows = new CopiedRows((group) => this.take(group));
  private ticks = 0;

  add(bytes: Uint8Array): void {
    this.rows.add(bytes);
  }

  async endCopy(): Promise<CodedCopy> {
    this.rows.endCopy();
    const { waiting, lastUs, lastSeq } = this.rows;
    return { pieces: [], ticks: this.ticks + waiting, lastUs, lastSeq };
  }

  async finish(): Promise<CodedFile> {
    const rest = this.rows.end();
    if (rest !== undefined) this.take(rest);
    const facts = { ticks: this.ticks, rowsChecksum: this.checksum.digest(), bytes: 0, fileSha256: "" };
    return { pieces: [], facts, firstUs: null, lastUs: null };
  }

  drop(): void {}

  private take(group: TickColumns): void {
    this.ticks += group.count;
    this.checksum.add(group);
  }
}
