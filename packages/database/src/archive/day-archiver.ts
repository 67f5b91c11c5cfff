import {
  type ArchiveEntry,
  type ArchiveStore,
  type CodedFile,
  type Coder,
  DamagedFileError,
  dayFolder,
  FileMissingError,
  parseTickFile,
  replacedFile,
  tickFile,
  type Upload,
} from "@fx-ohlc/archive";
import { US_PER_DAY } from "@fx-ohlc/schemas";
import type { SymbolDay } from "../changed-days.js";
import type { Leadership } from "../leadership.js";
import type { Sql, Transaction } from "../sql.js";
import { readDay, startOf } from "./day-rows.js";
import { type DayState, readDayState, setEntry, takeNumber } from "./entries.js";
import type { Pace } from "./pace.js";

/** What became of a day. */
export interface DayOutcome {
  /** `changed`: while it was read, or by somebody else. It waits for its turn again. */
  readonly done: "written" | "same rows" | "no ticks" | "changed";
  readonly rows: number;
  readonly bytes: number;
}

/** What days are archived with. */
export interface DayTools {
  readonly leadership: Leadership;
  /** A pool: days are read side by side. */
  readonly sql: Sql;
  readonly store: ArchiveStore;
  readonly coder: Coder;
  readonly pace: Pace;
}

/** The dataset is not where it was when the pass began: an unmounted volume leaves an empty folder that takes files. */
export class DatasetLostError extends Error {
  override readonly name = "DatasetLostError";
}

/**
 * Archives one day of one symbol:
 *
 * - its version and entry are read, and a number for its file is taken that nobody else has,
 * - its ticks are read and coded, and the file is uploaded as it comes,
 * - its version is read again: the same one says that nothing has changed since, whichever snapshots its ticks came from,
 * - the file is finished, and read back from the store, which holds the dataset still,
 * - the entry is written where it is still the one that was read.
 *
 * Whatever stops it leaves a file that nobody names, and the day as it was. One that wakes up later finds that somebody else
 * archives now, or that the entry is another one.
 */
export class DayArchiver {
  /** @param assertDataset throws where the dataset is not in the store any more */
  constructor(
    private readonly tools: DayTools,
    private readonly assertDataset: () => Promise<void>,
  ) {}

  async archive(day: SymbolDay): Promise<DayOutcome> {
    const state = await readDayState(this.tools.sql, day);
    if (state === undefined || (state.entry !== undefined && state.entry.droppedUs !== null)) return nothing("changed");
    const n = await this.takeNumber(day, state);
    const path = tickFile({ ...day, n });
    const upload = new LateUpload(this.tools.store, path);
    let mayBeNamed = false;
    try {
      const coded = await this.code(day, upload);
      const now = await readDayState(this.tools.sql, day);
      if (now?.version !== state.version) return await upload.giveUp("changed");
      const isSame = state.entry?.rowsChecksum === coded.facts.rowsChecksum;
      if (coded.facts.ticks === 0 || isSame) await upload.abort();
      else {
        await upload.finish(coded.pieces);
        await this.tools.coder.prove(this.tools.store, path, coded.facts);
        await this.assertDataset();
      }
      const file = coded.facts.ticks === 0 ? null : path;
      mayBeNamed = true;
      return await this.enter({ ...day, n, file: isSame ? (state.entry?.file ?? null) : file }, state, coded);
    } catch (error) {
      await upload.abort();
      // Nobody else was given its number; but a commit whose answer was lost has named it. What is left is removed in a day.
      if (!mayBeNamed) await this.tools.store.remove(path).catch(() => {});
      throw error;
    }
  }

  /** Reads a file back. One that lies aside is put back: the database is younger than its entry no more. */
  async prove(entry: ArchiveEntry): Promise<void> {
    const { file, fileSha256, ticks, bytes, rowsChecksum } = entry;
    if (file !== null && fileSha256 !== null) {
      const facts = { ticks, bytes, rowsChecksum, fileSha256 };
      try {
        await this.tools.coder.prove(this.tools.store, file, facts);
      } catch (error) {
        if (!(error instanceof FileMissingError)) throw error;
        await this.tools.store.move(replacedFile(file), file);
        await this.tools.coder.prove(this.tools.store, file, facts);
      }
    }
    await this.tools.leadership.transaction(
      (transaction) => transaction`
        update archive_days set verified_at = fx_clock()
         where symbol = ${entry.symbol} and date = ${entry.date}::text::date and n = ${entry.n}::int`,
    );
  }

  /**
   * A file is not what it was, and its ticks are in the table: they are archived anew. An entry that was marked as dropped meanwhile is
   * so no more while all of them are there; else the file is all there is.
   */
  async distrust(entry: ArchiveEntry): Promise<void> {
    const { symbol, date, n } = entry;
    await this.tools.leadership.transaction(async (transaction) => {
      const [known] = await transaction<{ isDropped: boolean }[]>`
        select dropped_at is not null as "isDropped" from archive_days
         where symbol = ${symbol} and date = ${date}::text::date and n = ${n}::int for update`;
      if (known === undefined || (known.isDropped && !(await isInTable(transaction, entry)))) return;
      await transaction`
        update archive_days set rows_checksum = '', written_at = '-infinity', dropped_at = null
         where symbol = ${symbol} and date = ${date}::text::date`;
      await transaction`
        update archive_versions set archived = null, drawn_at = '-infinity'
         where symbol = ${symbol} and date = ${date}::text::date`;
    });
  }

  private async takeNumber(day: SymbolDay, { entry }: DayState): Promise<number> {
    let above = entry?.n ?? 0;
    for await (const { path } of this.tools.store.list(dayFolder(day.symbol, day.date))) {
      above = Math.max(above, parseTickFile(path)?.n ?? 0);
    }
    return takeNumber(this.tools.sql, day, above);
  }

  private async code(day: SymbolDay, upload: LateUpload): Promise<CodedFile> {
    const coding = await this.tools.coder.open();
    let isFinished = false;
    try {
      const { pace, sql, leadership } = this.tools;
      const onSlice = async (pieces: readonly Uint8Array[], rows: number) => {
        leadership.assertHeld();
        await upload.write(pieces);
        await pace.took(rows);
      };
      await readDay(sql, day, coding, onSlice, pace.sliceRows);
      const file = await coding.finish();
      isFinished = true;
      return file;
    } finally {
      if (!isFinished) coding.drop();
    }
  }

  private async enter(
    { symbol, date, n, file }: SymbolDay & Pick<ArchiveEntry, "n" | "file">,
    { version, entry: before }: DayState,
    { facts, firstUs, lastUs }: CodedFile,
  ): Promise<DayOutcome> {
    const isSame = before !== undefined && before.file === file;
    const { ticks, rowsChecksum } = facts;
    const ofFile = file === null ? { fileSha256: null, bytes: 0 } : facts;
    const kept = isSame ? before : { n, ...ofFile };
    const entry = {
      ...{ symbol, date, n: kept.n, file, ticksVersion: version, ticks, firstUs, lastUs, rowsChecksum },
      ...{ fileSha256: kept.fileSha256, bytes: kept.bytes },
    };
    const isSet = await this.tools.leadership.transaction((transaction) => setEntry(transaction, entry, before));
    if (!isSet) {
      if (file !== null && !isSame) await this.tools.store.remove(file);
      return nothing("changed");
    }
    const done = file === null ? "no ticks" : isSame ? "same rows" : "written";
    return { done, rows: ticks, bytes: done === "written" ? entry.bytes : 0 };
  }
}

/** Whether all ticks of a day are there. Its chunk cannot be dropped before the transaction ends. */
async function isInTable(transaction: Transaction, { symbol, date, ticks }: ArchiveEntry): Promise<boolean> {
  const fromUs = startOf(date);
  const [row] = await transaction<{ count: number }[]>`
    select count(*) as count from ticks
     where symbol = ${symbol} and time >= ${fromUs} and time < ${fromUs + US_PER_DAY}`;
  return row?.count === ticks;
}

function nothing(done: "changed"): DayOutcome {
  return { done, rows: 0, bytes: 0 };
}

/** A file that is not begun before there is something of it: many days have no ticks any more, or the same ones. */
class LateUpload {
  private upload: Upload | undefined;

  constructor(
    private readonly store: ArchiveStore,
    private readonly path: string,
  ) {}

  async write(pieces: readonly Uint8Array[]): Promise<void> {
    for (const piece of pieces) {
      this.upload ??= await this.store.upload(this.path);
      await this.upload.write(piece);
    }
  }

  async finish(pieces: readonly Uint8Array[]): Promise<void> {
    await this.write(pieces);
    await this.upload?.finish();
    this.upload = undefined;
  }

  async giveUp(done: "changed"): Promise<DayOutcome> {
    await this.abort();
    return nothing(done);
  }

  async abort(): Promise<void> {
    const { upload } = this;
    this.upload = undefined;
    await upload?.abort();
  }
}

/** Whether a file is missing or damaged, and not only out of reach. */
export function isDamage(error: unknown): boolean {
  return error instanceof DamagedFileError || error instanceof FileMissingError;
}
