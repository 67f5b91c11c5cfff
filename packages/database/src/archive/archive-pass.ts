import {
  type ArchiveEntry,
  CURRENT_FILE,
  ENTRY_COLUMNS,
  readDataset,
  StoreUnavailableError,
  writeCurrent,
} from "@fx-ohlc/archive";
import { type Micros, type TimeRange, US_PER_DAY } from "@fx-ohlc/schemas";
import { archiveSpelling } from "../archive-setting.js";
import { dateOf, type SymbolDay } from "../changed-days.js";
import type { Notice } from "../chunk-watch.js";
import { LeadershipLostError } from "../leadership.js";
import type { Engine } from "../settings.js";
import { servedSettings } from "../settings.js";
import { clearReplaced, clearUnnamed } from "./cleaning.js";
import { DatasetLostError, DayArchiver, type DayOutcome, type DayTools, isDamage } from "./day-archiver.js";
import { EndedDays } from "./ended-days.js";
import { type Backlog, currentFiles, type Due, dueDays, readBacklog } from "./entries.js";
import { type ArchiveRules, DAYS_AT_A_TIME } from "./rules.js";
import { MARK_EVERY_MS, markWriter, whyNotWriter } from "./writer.js";

/** Days that are looked up at a time. */
const DAYS_PER_LOOK = 500;
/** Files that are read back at a time before their days are dropped. */
const PROVED_PER_PASS = 200;
/** A file that could not be read so often, one pass after the other, while the store answers otherwise, is made anew. */
const UNREADABLE_MAX = 3;

/** Runs the archiving of a day, and sees how it ends. */
export type WatchDay = (day: SymbolDay, work: () => Promise<DayOutcome>) => Promise<DayOutcome>;

export interface PassTools extends DayTools {
  readonly rules: ArchiveRules;
  readonly notice: Notice;
  /** Told of each day that failed; the others go on. */
  readonly onError: (error: unknown, day?: SymbolDay) => void;
  readonly onDay: (outcome: DayOutcome, day: SymbolDay) => void;
  readonly watch?: WatchDay;
  /** Told what waits when the store is away. */
  readonly onAway?: ((backlog: Backlog) => void) | undefined;
  readonly signal: AbortSignal;
}

/** What a pass found. */
export interface PassReport extends Backlog {
  /** Why nothing is archived and nothing dropped; null: all is well. */
  readonly refusedBecause: string | null;
  readonly archived: number;
  readonly failed: number;
}

/** What the leader does again and again: everything that is due, once. */
export class ArchivePass {
  private readonly days: DayArchiver;
  private readonly ended: EndedDays;
  /** What `_current.parquet` says may be old. */
  private isListStale = true;
  private sweptAtMs = Number.NEGATIVE_INFINITY;
  private markedAtMs = Number.NEGATIVE_INFINITY;
  /** How often files could not be read, one pass after the other. */
  private readonly unreadable = new Map<string, number>();

  constructor(private readonly tools: PassTools) {
    this.days = new DayArchiver(tools, () => this.assertDataset());
    this.ended = new EndedDays(tools.leadership, tools.sql, tools.rules.endedUs);
  }

  async run(): Promise<PassReport> {
    try {
      return await this.runOnce();
    } catch (error) {
      if (error instanceof StoreUnavailableError) this.tools.onAway?.(await this.backlog());
      throw error;
    }
  }

  private async runOnce(): Promise<PassReport> {
    const settings = await servedSettings(this.tools.sql);
    const refusedBecause = await this.whyNothingIsWritten(settings);
    if (refusedBecause !== null) {
      this.isListStale = true;
      await this.note(refusedBecause);
      return { refusedBecause, archived: 0, failed: 0, ...(await this.backlog()) };
    }
    const engine: Engine = settings.get("engine") === "timescaledb" ? "timescaledb" : "postgres";
    await this.ended.step(engine);
    const done = await this.archiveDue({
      before: dateOf(Math.min((await this.listedBefore()) ?? 0, await this.archivedUpTo())),
      pace: this.tools.rules,
    });
    await this.proveExpiring(Number(settings.get("keep_ticks_days")));
    await this.finish();
    return { refusedBecause, ...done, ...(await this.backlog()) };
  }

  /** Archives ended days of a range at once, whatever they wait for. */
  async runByHand({ fromUs, toUs }: TimeRange): Promise<PassReport> {
    const settings = await servedSettings(this.tools.sql);
    const refusedBecause = await this.whyNothingIsWritten(settings);
    if (refusedBecause !== null) throw new Error(refusedBecause);
    const before = dateOf(Math.min(toUs, (await this.listedBefore()) ?? 0));
    const done = await this.archiveDue({ from: dateOf(fromUs), before });
    await this.finish();
    return { refusedBecause, ...done, ...(await this.backlog()) };
  }

  /** Lets days that have ended be listed, until they are. */
  async listEnded(pause: () => Promise<void>): Promise<void> {
    const settings = await servedSettings(this.tools.sql);
    const engine: Engine = settings.get("engine") === "timescaledb" ? "timescaledb" : "postgres";
    for (;;) {
      await this.ended.step(engine);
      const [row] = await this.tools.sql<{ isListed: boolean }[]>`
        select listed_before = ended_before as "isListed" from archive_state`;
      if (row?.isListed === true) return;
      await pause();
    }
  }

  /** Whether this database's dataset is there, and no other database writes to it. It is marked now and then. */
  private async whyNothingIsWritten(settings: ReadonlyMap<string, string>): Promise<string | null> {
    const { sql, store, leadership } = this.tools;
    const reason = (await this.whyRefused(settings)) ?? (await whyNotWriter(sql, store));
    if (reason === null && performance.now() - this.markedAtMs > MARK_EVERY_MS) {
      await markWriter((work) => leadership.transaction(work), store);
      this.markedAtMs = performance.now();
    }
    return reason;
  }

  /** Whether the dataset that the database knows lies where this process looks. */
  private async whyRefused(settings: ReadonlyMap<string, string>): Promise<string | null> {
    const { store } = this.tools;
    const recorded = settings.get("archive_url");
    // It was ended: a copy of a database, which knows the dataset of the other one, must not clear away what it does not name.
    if (recorded === undefined)
      return `no archive is recorded for this database: ARCHIVE_URL=${store.url} fx-migrate does`;
    if (archiveSpelling(recorded) !== archiveSpelling(store.url)) {
      return `the archive of this database is ${recorded}, and this process was given ${store.url}`;
    }
    const id = settings.get("archive_dataset");
    if (id === undefined) return "this database has no archive: fx-migrate archive --init makes one";
    const dataset = await readDataset(store);
    if (dataset === undefined) return `there is no dataset at ${store.url}, where ${id} should be`;
    return dataset.id === id ? null : `the dataset at ${store.url} is ${dataset.id}, and this database's is ${id}`;
  }

  /** A pass may take hours. @throws DatasetLostError */
  private async assertDataset(): Promise<void> {
    const reason = await this.whyRefused(await servedSettings(this.tools.sql));
    if (reason !== null) throw new DatasetLostError(reason);
  }

  private async note(refusedBecause: string | null): Promise<void> {
    await this.tools.leadership.transaction(
      (transaction) => transaction`
        update archive_state
           set refused_because = ${refusedBecause},
               confirmed_at = case when ${refusedBecause}::text is null then fx_clock() else confirmed_at end`,
    );
  }

  private async listedBefore(): Promise<Micros | undefined> {
    const [row] = await this.tools.sql<{ us: Micros }[]>`select listed_before as us from archive_state`;
    return row?.us;
  }

  /** The start of the first day whose time has not come. */
  private async archivedUpTo(): Promise<Micros> {
    const [row] = await this.tools.sql<{ us: Micros }[]>`select fx_clock() as us`;
    return Math.floor((row?.us ?? 0) / US_PER_DAY - this.tools.rules.afterDays) * US_PER_DAY;
  }

  private async archiveDue(due: Due): Promise<{ archived: number; failed: number }> {
    const total = { archived: 0, failed: 0 };
    const tried = new Set<string>();
    for (;;) {
      const found = await dueDays(this.tools.sql, due, DAYS_PER_LOOK + tried.size);
      const days = found.filter(({ symbol, date }) => !tried.has(`${date} ${symbol}`)).slice(0, DAYS_PER_LOOK);
      if (days.length === 0) return total;
      for (const { symbol, date } of days) tried.add(`${date} ${symbol}`);
      await this.inTurns(days, async (day) => {
        const isDone = await this.archive(day);
        total[isDone ? "archived" : "failed"] += 1;
      });
    }
  }

  /** Some at a time, the oldest first. */
  private async inTurns(days: readonly SymbolDay[], work: (day: SymbolDay) => Promise<void>): Promise<void> {
    const waiting = days[Symbol.iterator]();
    const next = async (): Promise<void> => {
      for (const day of waiting) {
        this.tools.signal.throwIfAborted();
        await work(day);
      }
    };
    const turns = await Promise.allSettled(Array.from({ length: DAYS_AT_A_TIME }, next));
    for (const turn of turns) if (turn.status === "rejected") throw turn.reason;
  }

  private async archive(day: SymbolDay): Promise<boolean> {
    try {
      const work = () => this.days.archive(day);
      const outcome = await (this.tools.watch?.(day, work) ?? work());
      if (outcome.done !== "changed" && outcome.done !== "same rows") this.isListStale = true;
      this.tools.onDay(outcome, day);
      return true;
    } catch (error) {
      if (error instanceof LeadershipLostError || error instanceof DatasetLostError || this.tools.signal.aborted)
        throw error;
      this.tools.onError(error, day);
      return false;
    }
  }

  /** Reads files back whose days are dropped within a day. */
  private async proveExpiring(keepDays: number): Promise<void> {
    if (keepDays === 0) return;
    const [clock] = await this.tools.sql<{ us: Micros }[]>`select fx_clock() as us`;
    const expiring = dateOf((clock?.us ?? 0) - (keepDays - 1) * US_PER_DAY);
    const entries = await this.tools.sql.unsafe<ArchiveEntry[]>(
      `select ${ENTRY_COLUMNS} from archive_days
        where dropped_at is null and date < $1::text::date and verified_at < $2::timestamptz
        order by date, symbol limit $3::int`,
      [expiring, (clock?.us ?? 0) - this.tools.rules.provedUs, PROVED_PER_PASS],
    );
    for (const entry of entries) {
      this.tools.signal.throwIfAborted();
      await this.prove(entry);
    }
  }

  private async prove(entry: ArchiveEntry): Promise<void> {
    try {
      await this.days.prove(entry);
      this.unreadable.delete(entry.file ?? "");
    } catch (error) {
      if (!isDamage(error) && !(error instanceof StoreUnavailableError)) throw error;
      // A store that is away says so here, and no file is to blame.
      await this.assertDataset();
      this.tools.onError(error, entry);
      if (!isDamage(error) && !this.isGivenUp(entry)) return;
      this.tools.notice("a file of the archive is missing, damaged or cannot be read: its day is archived anew", {
        ...{ symbol: entry.symbol, date: entry.date, file: entry.file },
      });
      await this.days.distrust(entry);
    }
  }

  /** Counts a failure. One may have been the network's. */
  private isGivenUp({ file }: ArchiveEntry): boolean {
    const failures = (this.unreadable.get(file ?? "") ?? 0) + 1;
    this.unreadable.set(file ?? "", failures);
    if (failures < UNREADABLE_MAX) return false;
    this.unreadable.delete(file ?? "");
    return true;
  }

  private async finish(): Promise<void> {
    const { sql, store, notice, rules } = this.tools;
    const refusedBecause = await this.whyNothingIsWritten(await servedSettings(sql));
    if (refusedBecause !== null) throw new DatasetLostError(refusedBecause);
    const isSweepDue = performance.now() - this.sweptAtMs > rules.sweepUs / 1000;
    // One who froze while he wrote it may have put an old list over a newer one since.
    if (this.isListStale || isSweepDue || (await store.find(CURRENT_FILE)) === undefined) {
      await writeCurrent(store, currentFiles(sql));
      this.isListStale = false;
    }
    const cleaning = { ...this.tools, onFailure: (error: unknown, file: string) => this.noteUncleaned(error, file) };
    await clearReplaced(cleaning);
    if (isSweepDue) {
      const removed = await clearUnnamed(cleaning);
      if (removed > 0) notice("files of the archive that nobody names were removed", { files: removed });
      this.sweptAtMs = performance.now();
    }
    await this.note(null);
  }

  /** A file that cannot be moved or removed is in nobody's way: nothing waits for it. */
  private async noteUncleaned(error: unknown, file: string): Promise<void> {
    if (!(error instanceof StoreUnavailableError)) throw error;
    await this.assertDataset();
    this.tools.onError(error);
    this.tools.notice("a file of the archive cannot be cleaned away", { file });
  }

  /** What waits by now: a pass may take days. */
  async backlog(): Promise<Backlog> {
    return readBacklog(this.tools.sql, await this.archivedUpTo());
  }
}
