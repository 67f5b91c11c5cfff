import { setTimeout as sleep } from "node:timers/promises";
import { nowUs, STORED_INTERVALS, type StoredInterval, US_PER_DAY } from "@fx-ohlc/schemas";
import { fullJitterMs } from "@fx-ohlc/service-kit";
import { areDaysRecomputed, type RefreshBounds, refreshRange, span, type TimeRange } from "./refresh-plan.js";
import type { RefreshWindow } from "./refresh-queue.js";
import { readSettings } from "./settings.js";
import { openPool, type Sql, type Transaction } from "./sql.js";
import { errorCode, SQL_STATE } from "./sql-state.js";

export interface RefreshWorkerOptions {
  /** A direct connection: session locks and CALL do not survive a pooler in transaction mode. */
  readonly url: string;
  /** Takes every group of windows whose bars can be read now off the queue. By default nothing else happens. */
  readonly finish?: FinishRefresh;
  /** Told of every failure; the worker goes on by itself. */
  readonly onError: (error: unknown) => void;
}

/**
 * Runs a transaction that calls `remove`, which takes refreshed windows off the queue, and writes down in it what must not be
 * forgotten about them.
 */
export type FinishRefresh = (
  sql: Sql,
  windows: readonly RefreshWindow[],
  remove: (transaction: Transaction) => Promise<unknown>,
) => Promise<unknown>;

/** Any number: it only has to be the same in every process. */
const WORKER_LOCK = 5_064_222;
/** How long an idle worker, or one that is not the leader, waits before it looks again. */
const POLL_INTERVAL_MS = 150;
/** Windows refreshed together. They are taken in their order, so fewer would be no sooner exact, and cost more in all. */
const WINDOWS_PER_PASS_MAX = 10_000;
/** Time between two sweeps over all of history. Without anything to repair one takes some 10 ms. */
const SWEEP_INTERVAL_MS = 60_000;
/** Overlapping refreshes fail at once; the policies' own take some 30 ms, so this many tries with jitter are plenty. */
const LOCK_TRIES_MAX = 40;
const LOCK_BACKOFF = { baseMs: 20, maxMs: 250 };
const FAILURE_BACKOFF = { baseMs: 200, maxMs: 5000 };

interface QueueRow {
  readonly id: number;
  readonly symbol: string;
  readonly from_time: number;
  readonly to_time: number;
  readonly reason: "late" | "correction";
}

/**
 * Keeps the continuous aggregates exact behind their watermarks (TimescaleDB only).
 *
 * Of all processes one is the leader: the one whose session holds the advisory lock. The leader takes queued windows,
 * refreshes minute, hour and day over the range they span (only what was invalidated in it is recomputed) and deletes them
 * only then, so that a leader that dies leaves them to the next. Once a minute, and on becoming the leader, it sweeps all
 * of history: whatever was never materialised, because no policy ran when it was new, would
 * vanish below the watermark otherwise.
 *
 * States: following (without the lock) -> leading -> following, when its session ends; every failure closes the session.
 */
export class RefreshWorker {
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private failures = 0;
  private sweptAtMs = 0;

  constructor(private readonly options: RefreshWorkerOptions) {}

  start(): void {
    this.running = this.run();
  }

  /** Finishes the pass under way; a server that does not answer is left after `deadlineMs`. */
  async stop(deadlineMs = 2000): Promise<void> {
    this.stopping.abort();
    await Promise.race([this.running, sleep(deadlineMs, undefined, { ref: false })]);
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const sql = openPool({
        url: this.options.url,
        applicationName: "fx bar refresh",
        connectionsMax: 1,
        statementTimeoutMs: 0,
      });
      try {
        await this.follow(sql);
        await this.lead(sql);
      } catch (error) {
        this.options.onError(error);
        await this.pause(fullJitterMs(this.failures++, FAILURE_BACKOFF));
      } finally {
        await sql.end({ timeout: 0 });
      }
    }
  }

  private async pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.stopping.signal }).catch(() => {});
  }

  private async follow(sql: Sql): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const [row] = await sql<{ locked: boolean }[]>`select pg_try_advisory_lock(${WORKER_LOCK}) as locked`;
      if (row?.locked === true) break;
      await this.pause(POLL_INTERVAL_MS);
    }
    this.sweptAtMs = 0;
  }

  private async lead(sql: Sql): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const refreshedSome = await this.refreshQueued(sql);
      if (Date.now() - this.sweptAtMs > SWEEP_INTERVAL_MS) await this.sweep(sql);
      this.failures = 0;
      if (!refreshedSome) await this.pause(POLL_INTERVAL_MS);
    }
  }

  private async refreshQueued(sql: Sql): Promise<boolean> {
    const rows = await sql<QueueRow[]>`
      select id, symbol, from_time, to_time, reason from refresh_queue order by id limit ${WINDOWS_PER_PASS_MAX}`;
    if (rows.length === 0) return false;
    const windows = rows.map(({ symbol, from_time, to_time, reason }) => ({
      symbol,
      fromUs: from_time,
      toUs: to_time,
      reason,
    }));
    await this.refreshAll(sql, windows);
    const { finish = removeOnly } = this.options;
    const ids = rows.map((row) => row.id);
    await finish(
      sql,
      windows,
      (transaction) => transaction`delete from refresh_queue where id = any(${ids}::bigint[])`,
    );
    return true;
  }

  private async sweep(sql: Sql): Promise<void> {
    // The database's clock bounds it, which may be ahead of this one.
    await this.refreshAll(sql, [{ fromUs: 0, toUs: nowUs() + US_PER_DAY }]);
    this.sweptAtMs = Date.now();
  }

  /** Each level of all the range that some windows span before the next one, which is made of it. */
  private async refreshAll(sql: Sql, windows: readonly TimeRange[]): Promise<void> {
    const bounds = await this.bounds(sql);
    for (const interval of STORED_INTERVALS) {
      const range = refreshRange(interval, span(windows), bounds);
      if (range === undefined) continue;
      await this.refresh(sql, interval, range, interval === "day" && areDaysRecomputed(windows, range));
    }
  }

  private async bounds(sql: Sql): Promise<RefreshBounds> {
    const { dayBoundary, retentionDays } = await readSettings(sql);
    const [row] = await sql<{ now: number }[]>`select clock_timestamp() as now`;
    return { nowUs: row?.now ?? 0, dayBoundary, retentionDays };
  }

  /**
   * Without batches: by default a refresh is cut into pieces of ten buckets, which makes a year's span take minutes.
   *
   * @param recompute every bucket, and not only those that have changed
   */
  private async refresh(sql: Sql, interval: StoredInterval, range: TimeRange, recompute: boolean): Promise<void> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        await sql`
          call refresh_continuous_aggregate(${`ohlc_${interval}`}::regclass, ${range.fromUs}::timestamptz,
                                            ${range.toUs}::timestamptz, force => ${recompute},
                                            options => '{"buckets_per_batch": 0}')`;
        return;
      } catch (error) {
        if (errorCode(error) !== SQL_STATE.lockNotAvailable || attempt >= LOCK_TRIES_MAX) throw error;
        await this.pause(fullJitterMs(attempt, LOCK_BACKOFF));
      }
    }
  }
}

const removeOnly: FinishRefresh = (sql, _windows, remove) => sql.begin(remove);
