import { formatTime, type Micros, type TimeRange, US_PER_DAY, US_PER_HOUR } from "@fx-ohlc/schemas";
import { ArchivedDrops, DropRefusedError, enterDropped, enterGivenUp, wholeDays } from "./archived-drops.js";
import type { Notice } from "./chunk-watch.js";
import { DayDeletes } from "./day-deletes.js";
import { HistoryDrops } from "./history-drops.js";
import type { Leadership } from "./leadership.js";
import { OldTransactions } from "./old-transactions.js";
import { REFRESH_LOCK, type RetentionMark, readMark } from "./retention-mark.js";
import type { Engine } from "./settings.js";
import type { Sql, Transaction } from "./sql.js";
import { errorCode, SQL_STATE } from "./sql-state.js";

/** Dropping a chunk waits for its readers, and new ones wait behind it. */
const LOCK_TIMEOUT_MS = "500ms";

/** What one step is taken with. */
export interface DropStep {
  readonly engine: Engine;
  /** Ticks older than this expire; 0 keeps them for ever. */
  readonly keepTicksDays: number;
  /** Nothing goes that the archive does not hold. */
  readonly hasArchive: boolean;
  /** The database's clock. */
  readonly nowUs: Micros;
  /** Whether the clock is believed. */
  readonly isClockTrusted: boolean;
  /** Puts everything that can be materialised into the bars. */
  materialise(): Promise<void>;
}

/** The start of the UTC day before which ticks expire at an instant. */
function expiredBefore(keepTicksDays: number, atUs: Micros): Micros {
  if (keepTicksDays === 0) return 0;
  return Math.floor((atUs - keepTicksDays * US_PER_DAY) / US_PER_DAY) * US_PER_DAY;
}

/** No FX day is longer. */
const DAY_MAX_US = 26 * US_PER_HOUR;

/**
 * Drops expired ticks and keeps their bars, in steps that can be interrupted anywhere:
 *
 * - *marking*: a day has expired. All bars are materialised, then the mark `dropped_before` moves. From now on writers refuse
 *   older ticks and readers do not see them, but they are there.
 * - *waiting*: until every transaction that was under way when the mark moved has ended, for it may still write such ticks; and
 *   until no window of the refresh queue reaches into them. The bars are materialised once more, then `whole_from` follows.
 * - *dropping*: what lies before `whole_from` goes, chunk by chunk or batch by batch. Chunks only when every snapshot of before
 *   is gone: it does not know the bars that were materialised, and a dropped chunk is dropped for it, too. With an archive only
 *   what it holds, counted row by row; its entries are marked before, and what older snapshots know is there until they are gone.
 *
 * Both marks are in the database, so that another process goes on where this one stopped.
 */
export class TickDrops {
  private awaited: OldTransactions | undefined;

  /** The first transaction that snapshots may not know of, once `whole_from` was seen to be somewhere. */
  private barrier: { readonly wholeFromUs: Micros; readonly xid: string } | undefined;

  /** The chunk whose entries this process has marked, and the first transaction that snapshots from before that do not know. */
  private entered: { readonly toUs: Micros; readonly xid: string } | undefined;

  /** Up to where this process has deleted everything on plain PostgreSQL. */
  private deletedBeforeUs: Micros | undefined;

  private readonly history: HistoryDrops;
  private readonly archived: ArchivedDrops;
  private readonly deletes: DayDeletes;

  constructor(
    private readonly leadership: Leadership,
    private readonly sql: Sql,
    private readonly notice: Notice,
  ) {
    this.history = new HistoryDrops(leadership);
    this.archived = new ArchivedDrops(leadership, sql, notice);
    this.deletes = new DayDeletes(leadership, sql, this.archived);
  }

  /** Goes as far as is possible without waiting. */
  async step(step: DropStep): Promise<void> {
    const mark = await readMark(this.sql);
    if (mark.wholeFromUs < mark.droppedBeforeUs) await this.followMark(step, mark);
    else if (step.isClockTrusted) await this.moveMark(step, mark);
    await this.dropUnneeded(step);
  }

  private async moveMark(step: DropStep, { droppedBeforeUs }: RetentionMark): Promise<void> {
    const { keepTicksDays, nowUs } = step;
    if (expiredBefore(keepTicksDays, nowUs) <= droppedBeforeUs || (await this.isFirstVersionHere())) return;
    const expiredUs = expiredBefore(keepTicksDays, Math.min(nowUs, await this.newestDayEnd(nowUs)));
    const markUs = step.hasArchive ? Math.min(expiredUs, await this.archived.archivedBefore()) : expiredUs;
    if (markUs <= droppedBeforeUs) return;
    await step.materialise();
    await this.leadership.transaction(
      (transaction) =>
        transaction`update retention_mark set dropped_before = ${markUs} where dropped_before < ${markUs}`,
    );
    this.awaited = undefined;
    this.notice("ticks expired", { dropped_before: formatTime(markUs) });
  }

  /**
   * First-version services know of a shorter retention half a minute late, and read no mark: nothing is dropped while one of
   * them looks after bars, as each of its tick-ingest does on TimescaleDB.
   */
  private async isFirstVersionHere(): Promise<boolean> {
    const sessions = await this.sql`
      select 1 from pg_stat_activity
       where application_name = 'fx bar refresh' and datname = current_database() limit 1`;
    return sessions.length > 0;
  }

  /**
   * Where the newest day that has ticks ends at the latest. Nothing expires that is not old beside it: a machine that starts
   * with a clock that is days ahead, and nobody to tell it, would drop everything.
   */
  private async newestDayEnd(nowUs: Micros): Promise<Micros> {
    const [row] = await this.sql<{ bucket: Micros | null }[]>`
      select max(bucket) as bucket from ohlc_day where bucket between '1969-12-30 00:00:00+00' and ${nowUs}::timestamptz`;
    return (row?.bucket ?? 0) + DAY_MAX_US;
  }

  private async followMark(step: DropStep, { droppedBeforeUs }: RetentionMark): Promise<void> {
    this.awaited ??= await OldTransactions.find(this.sql);
    if (!(await this.awaited.areOver()) || (await this.isRefreshQueued(step.engine, droppedBeforeUs))) return;
    await step.materialise();
    await this.leadership.transaction(async (transaction) => {
      if (!(await isNobodyRefreshing(transaction))) return;
      await transaction`update retention_mark set whole_from = dropped_before where dropped_before = ${droppedBeforeUs}`;
      this.awaited = undefined;
    });
  }

  private async isRefreshQueued(engine: Engine, beforeUs: Micros): Promise<boolean> {
    if (engine === "postgres") return false;
    const waiting = await this.sql`select 1 from refresh_queue where from_time < ${beforeUs} limit 1`;
    return waiting.length > 0;
  }

  private async dropUnneeded({ engine, hasArchive }: DropStep): Promise<void> {
    const { wholeFromUs } = await readMark(this.sql);
    if (wholeFromUs === 0) return;
    await this.history.deleteBefore(wholeFromUs);
    if (hasArchive && !(await this.archived.isOpen())) return;
    if (engine === "timescaledb") await this.dropChunks(wholeFromUs, hasArchive);
    else await this.deleteTicks(wholeFromUs, hasArchive);
  }

  private async dropChunks(beforeUs: Micros, hasArchive: boolean): Promise<void> {
    const chunks = await this.sql<TimeRange[]>`
      select from_time as "fromUs", to_time as "toUs" from tick_chunks_now where to_time <= ${beforeUs} order by to_time`;
    if (chunks.length === 0 || !(await this.areOldSnapshotsOver(beforeUs))) return;
    for (const chunk of chunks) {
      // What the archive does not hold waits until somebody has looked, and nothing else for it.
      if (hasArchive && !(await this.archived.holds(wholeDays(chunk)))) continue;
      try {
        if (hasArchive && !(await this.isEntered(chunk))) return;
        await this.leadership.transaction((transaction) => dropChunk(transaction, chunk, hasArchive));
      } catch (error) {
        // Somebody reads it, or has changed it: the next step comes soon.
        if (error instanceof DropRefusedError) return;
        if (errorCode(error) === SQL_STATE.lockNotAvailable || errorCode(error) === SQL_STATE.deadlockDetected) return;
        throw error;
      }
    }
  }

  /**
   * Marks the entries of a chunk. A snapshot of before says that its ticks are in the table, and must find them there as long as it is
   * read under: a chunk is dropped for all of them.
   *
   * @returns whether no such snapshot is left
   */
  private async isEntered(chunk: TimeRange): Promise<boolean> {
    if (this.entered?.toUs !== chunk.toUs || (await this.archived.isUnmarked(wholeDays(chunk)))) {
      await this.leadership.transaction((transaction) => enterDropped(transaction, wholeDays(chunk)));
      this.entered = { toUs: chunk.toUs, xid: await this.nextTransaction() };
    }
    return this.areSnapshotsOver(this.entered.xid);
  }

  /** Standbys that tell of their own snapshots (`hot_standby_feedback`) are waited for as well. */
  private async areOldSnapshotsOver(wholeFromUs: Micros): Promise<boolean> {
    if (this.barrier?.wholeFromUs !== wholeFromUs) this.barrier = { wholeFromUs, xid: await this.nextTransaction() };
    return this.areSnapshotsOver(this.barrier.xid);
  }

  private async nextTransaction(): Promise<string> {
    const [now] = await this.sql<{ xid: string }[]>`select pg_snapshot_xmax(pg_current_snapshot())::text as xid`;
    return now?.xid ?? "0";
  }

  private async areSnapshotsOver(xid: string): Promise<boolean> {
    const older = await this.sql`
      select 1 from pg_stat_activity
       where (datname = current_database() or datname is null) and pid <> pg_backend_pid()
         and age(backend_xmin) > age(${xid}::xid8::xid)
       limit 1`;
    return older.length === 0;
  }

  /** Nobody can store another one there: once is enough. */
  private async deleteTicks(beforeUs: Micros, hasArchive: boolean): Promise<void> {
    if (this.deletedBeforeUs === beforeUs) return;
    if (await this.deletes.deleteBefore(beforeUs, hasArchive)) this.deletedBeforeUs = beforeUs;
  }
}

/** Keeps new refreshes waiting until the transaction ends. */
async function isNobodyRefreshing(transaction: Transaction): Promise<boolean> {
  const [row] = await transaction<{ free: boolean }[]>`select pg_try_advisory_xact_lock(${REFRESH_LOCK}) as free`;
  return row?.free === true;
}

/**
 * A chunk, and without an archive all before it. Nobody can change its ticks any more once it is locked, and what was changed before
 * is known then.
 */
async function dropChunk(transaction: Transaction, chunk: TimeRange, hasArchive: boolean): Promise<void> {
  await transaction`select set_config('lock_timeout', ${LOCK_TIMEOUT_MS}, true)`;
  const { fromUs, toUs } = chunk;
  const newerThanUs = hasArchive ? fromUs : null;
  await transaction`
    select drop_chunks('ticks', older_than => ${toUs}::timestamptz, newer_than => ${newerThanUs}::timestamptz)`;
  await transaction`delete from tick_chunks where to_time <= ${toUs} and from_time >= coalesce(${newerThanUs}::timestamptz, '-infinity')`;
  if (hasArchive) await enterDropped(transaction, wholeDays(chunk));
  else await enterGivenUp(transaction, wholeDays({ fromUs: 0, toUs }));
}
