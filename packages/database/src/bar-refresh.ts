import { setTimeout as sleep } from "node:timers/promises";
import { type Micros, STORED_INTERVALS, type StoredInterval, type TimeRange, US_PER_DAY } from "@fx-ohlc/schemas";
import { fullJitterMs } from "@fx-ohlc/service-kit";
import type { Notice } from "./chunk-watch.js";
import type { Leadership } from "./leadership.js";
import { dayRefreshes, isAhead, type RefreshBounds, refreshRange, span } from "./refresh-plan.js";
import type { RefreshWindow } from "./refresh-queue.js";
import { REFRESH_LOCK, readMark } from "./retention-mark.js";
import { readSettings } from "./settings.js";
import type { Sql, Transaction } from "./sql.js";
import { errorCode, SQL_STATE } from "./sql-state.js";

/**
 * Runs a transaction that calls `remove`, which takes refreshed windows off the queue, and writes down in it what must not be
 * forgotten about them.
 */
export type FinishRefresh = (
  sql: Sql,
  windows: readonly RefreshWindow[],
  remove: (transaction: Transaction) => Promise<unknown>,
) => Promise<unknown>;

/** Windows refreshed together. They are taken in their order, so fewer would be no sooner exact, and cost more in all. */
const WINDOWS_PER_PASS_MAX = 10_000;
/** Overlapping refreshes fail at once; an operator's own take seconds at most, so this many tries with jitter are plenty. */
const LOCK_TRIES_MAX = 40;
const LOCK_BACKOFF = { baseMs: 20, maxMs: 250 };

/**
 * Keeps the continuous aggregates exact (TimescaleDB only). It takes queued windows of late ticks and corrections, refreshes
 * minutes, hours and days over the range they span (only what was invalidated in it is recomputed) and deletes them only then,
 * so that a leader that dies leaves them to the next.
 *
 * What is new is materialised every few seconds, always from the oldest whole tick on: whatever no refresh has reached yet,
 * because none ran when it was new, would vanish below the watermark otherwise. Without anything to do that takes some 10 ms.
 */
export class BarRefresh {
  private readonly refreshedAtMs = new Map<StoredInterval, number>();

  constructor(
    private readonly leadership: Leadership,
    private readonly sql: Sql,
    private readonly notice: Notice,
    private readonly finish: FinishRefresh = (session, _windows, remove) => session.begin(remove),
  ) {}

  /** @returns whether there were windows */
  async refreshQueued(): Promise<boolean> {
    const windows = await this.sql<(RefreshWindow & { readonly id: number })[]>`
      select id, symbol, from_time as "fromUs", to_time as "toUs", reason
        from refresh_queue order by id limit ${WINDOWS_PER_PASS_MAX}`;
    if (windows.length === 0) return false;
    const { wholeFromUs } = await this.refreshAll(windows);
    const tooOld = windows.filter(({ fromUs }) => fromUs < wholeFromUs);
    if (tooOld.length > 0)
      this.notice("ticks came after those beside them were dropped: bars stay as they are", { windows: tooOld });
    this.leadership.assertHeld();
    const ids = windows.map(({ id }) => id);
    await this.finish(
      this.sql,
      windows,
      (transaction) => transaction`delete from refresh_queue where id = any(${ids}::bigint[])`,
    );
    return true;
  }

  /**
   * Refreshes all levels while one of them is ahead of the present, because a clock was or somebody refreshed by hand: ticks of
   * transactions that were under way then are seen only after that.
   */
  async refreshAhead(): Promise<void> {
    const bounds = await this.bounds();
    if (STORED_INTERVALS.some((interval) => isAhead(interval, bounds))) await this.refreshEverything();
  }

  /** Refreshes each level whose time has come; the settings say how often. */
  async refreshDue(settings: ReadonlyMap<string, string>): Promise<void> {
    const due = STORED_INTERVALS.filter((interval) => {
      const everyMs = Number(settings.get(`refresh_${interval}_interval_s`)) * 1000;
      return performance.now() - (this.refreshedAtMs.get(interval) ?? Number.NEGATIVE_INFINITY) >= everyMs;
    });
    if (due.length === 0) return;
    const bounds = await this.bounds();
    for (const interval of due) {
      await this.refreshLevel(interval, [everything(bounds)], bounds);
      this.refreshedAtMs.set(interval, performance.now());
    }
  }

  /** Refreshes all levels over all that is whole. */
  async refreshEverything(): Promise<void> {
    await this.refreshAll([everything(await this.bounds())]);
  }

  /** Each level of all the range that some windows span before the next one, which is made of it. */
  private async refreshAll(windows: readonly TimeRange[]): Promise<RefreshBounds> {
    const bounds = await this.bounds();
    for (const interval of STORED_INTERVALS) await this.refreshLevel(interval, windows, bounds);
    return bounds;
  }

  private async refreshLevel(
    interval: StoredInterval,
    windows: readonly TimeRange[],
    bounds: RefreshBounds,
  ): Promise<void> {
    if (interval === "day") {
      for (const { recompute, ...days } of dayRefreshes(windows, bounds)) await this.refresh("day", days, recompute);
      return;
    }
    const range = refreshRange(interval, span(windows), bounds);
    if (range !== undefined) await this.refresh(interval, range, false);
  }

  private async bounds(): Promise<RefreshBounds> {
    const { dayBoundary } = await readSettings(this.sql);
    const { wholeFromUs } = await readMark(this.sql);
    const [row] = await this.sql<(Record<StoredInterval, Micros> & { now: Micros })[]>`
      select fx_clock() as now, materialised_to('minute') as minute,
             materialised_to('hour') as hour, materialised_to('day') as day`;
    if (row === undefined) throw new Error("a select without from gave no row");
    const { now: nowUs, ...materialisedToUs } = row;
    return { nowUs, dayBoundary, wholeFromUs, materialisedToUs };
  }

  /** @param recompute every bucket, and not only those that have changed */
  private async refresh(interval: StoredInterval, range: TimeRange, recompute: boolean): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      this.leadership.assertHeld();
      try {
        await this.sql`
          call refresh_bars(${interval}, ${range.fromUs}::timestamptz, ${range.toUs}::timestamptz, ${recompute})`;
        return;
      } catch (error) {
        if (errorCode(error) !== SQL_STATE.lockNotAvailable || attempt >= LOCK_TRIES_MAX) throw error;
        // The procedure's own lock outlives its failure.
        await this.sql`select pg_advisory_unlock_shared(${REFRESH_LOCK})`;
        await sleep(fullJitterMs(attempt, LOCK_BACKOFF));
      }
    }
  }
}

/** The database's clock bounds it, which may be ahead of this one. */
function everything({ nowUs }: RefreshBounds): TimeRange {
  return { fromUs: 0, toUs: nowUs + US_PER_DAY };
}
