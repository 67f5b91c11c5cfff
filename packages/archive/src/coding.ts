import { createHash } from "node:crypto";
import { CopiedRows } from "./copied-rows.js";
import type { TickFileFacts } from "./proof.js";
import { RowsChecksum, type TickColumns } from "./tick-columns.js";
import { TickFileWriter } from "./tick-file-writer.js";

/** What came of a copy. */
export interface CodedCopy {
  /** Bytes of the file that follow those before. */
  readonly pieces: readonly Uint8Array[];
  /** Of the day until now. */
  readonly ticks: number;
  /** Of its last tick: the next copy begins behind it. */
  readonly lastUs: number;
  readonly lastSeq: number;
}

/** A file that is whole. */
export interface CodedFile {
  readonly pieces: readonly Uint8Array[];
  readonly facts: TickFileFacts;
  /** Of the first tick, microseconds since 1970; null without any. */
  readonly firstUs: number | null;
  readonly lastUs: number | null;
}

/** Makes a file of what PostgreSQL copies of a day, slice by slice. */
export interface DayCoding {
  /** Takes some bytes of a copy, and owns them from now on. */
  add(bytes: Uint8Array): void;
  /** @throws Error when the copy was cut off */
  endCopy(): Promise<CodedCopy>;
  finish(): Promise<CodedFile>;
  /** Nothing more comes of it. */
  drop(): void;
}

/** Codes in this very thread. */
export class OwnCoding implements DayCoding {
  private readonly rows: CopiedRows;
  private readonly checksum = new RowsChecksum();
  private readonly hash = createHash("sha256");
  private pieces: Uint8Array[] = [];
  private ticks = 0;
  private firstUs: number | null = null;
  private bytes = 0;

  private constructor(private readonly file: TickFileWriter) {
    this.rows = new CopiedRows((group) => this.take(group));
  }

  static async open(): Promise<OwnCoding> {
    return new OwnCoding(await TickFileWriter.open());
  }

  add(bytes: Uint8Array): void {
    this.rows.add(bytes);
  }

  async endCopy(): Promise<CodedCopy> {
    this.rows.endCopy();
    const { waiting, lastUs, lastSeq } = this.rows;
    return { pieces: this.takePieces(), ticks: this.ticks + waiting, lastUs, lastSeq };
  }

  async finish(): Promise<CodedFile> {
    const rest = this.rows.end();
    if (rest !== undefined) this.take(rest);
    this.note(this.file.finish());
    const { ticks, bytes } = this;
    const checksums = { rowsChecksum: this.checksum.digest(), fileSha256: this.hash.digest("hex") };
    const lastUs = ticks === 0 ? null : this.rows.lastUs;
    return { pieces: this.takePieces(), facts: { ticks, bytes, ...checksums }, firstUs: this.firstUs, lastUs };
  }

  drop(): void {
    this.pieces = [];
  }

  private take(group: TickColumns): void {
    this.ticks += group.count;
    this.firstUs ??= Number(group.time[0]);
    this.checksum.add(group);
    this.note(this.file.add(group));
  }

  private note(piece: Uint8Array): void {
    this.hash.update(piece);
    this.bytes += piece.length;
    this.pieces.push(piece);
  }

  private takePieces(): Uint8Array[] {
    const { pieces } = this;
    this.pieces = [];
    return pieces;
  }
}
