import type { TimeRange } from "@fx-ohlc/schemas";
import { type BacklogStep, nextStep } from "./backlog-plan.js";
import type { BarRefresh } from "./bar-refresh.js";
import type { Notice } from "./chunk-watch.js";
import type { Leadership } from "./leadership.js";
import type { QueuedWindow, RefreshWindow } from "./refresh-queue.js";
import type { SliceLength } from "./slice-length.js";
import type { Sql, Transaction } from "./sql.js";

/**
 * Runs a transaction that calls `remove`, which takes refreshed windows off the queue, and writes down in it what must not be
 * forgotten about them.
 */
export type FinishRefresh = (
  sql: Sql,
  windows: readonly RefreshWindow[],
  remove: (transaction: Transaction) => Promise<unknown>,
) => Promise<unknown>;

/** What came in at once and is no more than this does not wait behind the others. */
const URGENT_MAX = 50;
/** Windows looked at in one step: enough to see whether they are one range. */
const LOOK_MAX = 2000;
/** While windows keep coming, no further apart, they wait for their neighbours: refreshed together they cost a fraction. */
const APART_MAX_MS = 1000;
/** What has come alone so far waits this long for more: the first commits of an import. */
const ALONE_MS = 300;
/** But not longer: late ticks are in the bars within two seconds. */
const GATHER_MAX_MS = 1500;
/** Between two notes of how fast the backlog goes down. */
const RATE_EVERY_MS = 1000;

/**
 * Works off the windows of late ticks and corrections, in steps of a fraction of a second.
 *
 * A correction, and a few late ticks that have come since the last look, go first, so that nobody waits behind history: every
 * other step is theirs. The others are the backlog, newest first: where its windows make up hours on end, a slice of that range
 * is refreshed in all symbols, as much as TimescaleDB took note of; elsewhere the touched bars are made anew one by one.
 * A window leaves the queue only when its bars are right, so that a leader that dies leaves it to the next.
 */
export class RefreshBacklog {
  private readonly speed = new Speed();
  /** Windows up to this one have been looked at. */
  private seenId = 0;
  private wasUrgent = false;
  private arrivedAtMs = Number.NEGATIVE_INFINITY;
  /** Some came soon after others. */
  private areComing = false;
  /** Since when the backlog was not empty. */
  private sinceMs: number | undefined;

  constructor(
    private readonly leadership: Leadership,
    private readonly sql: Sql,
    private readonly bars: BarRefresh,
    private readonly slice: SliceLength,
    private readonly notice: Notice,
    private readonly finish: FinishRefresh = (session, _windows, remove) => session.begin(remove),
  ) {}

  /** @returns whether it worked, waits for more windows, or has none */
  async step(): Promise<"worked" | "gathering" | "idle"> {
    const waiting = await this.sql`select 1 from refresh_queue limit 1`;
    if (waiting.length === 0) {
      this.sinceMs = undefined;
      return "idle";
    }
    const urgent = this.wasUrgent ? [] : await this.urgentWindows();
    this.wasUrgent = urgent.length > 0;
    if (this.wasUrgent) {
      await this.take({ kind: "buckets", windows: urgent });
      return "worked";
    }
    const windows = await this.newest();
    if (windows.length === 0) return "idle";
    if (this.isGathering()) return "gathering";
    const startedMs = performance.now();
    const step = nextStep(windows, this.slice.us);
    await this.take(step);
    const tookMs = performance.now() - startedMs;
    await this.noteSpeed(step.windows.length, tookMs);
    return "worked";
  }

  private async urgentWindows(): Promise<QueuedWindow[]> {
    const corrected = await this.sql<QueuedWindow[]>`
      select id, symbol, from_time as "fromUs", to_time as "toUs", reason
        from refresh_queue
       where reason = 'correction' and to_time - from_time <= interval '1 hour'
       order by id limit ${URGENT_MAX}`;
    const arrived = await this.sql<QueuedWindow[]>`
      select id, symbol, from_time as "fromUs", to_time as "toUs", reason
        from refresh_queue where id > ${this.seenId} order by id desc limit ${URGENT_MAX + 1}`;
    if (arrived.length > 0) this.noteArrival(arrived[0]?.id ?? 0);
    const single = arrived.length > URGENT_MAX ? [] : arrived.filter(isSingle);
    return [...corrected, ...single.filter(({ id }) => !corrected.some((window) => window.id === id))];
  }

  private noteArrival(id: number): void {
    const nowMs = performance.now();
    this.areComing = nowMs - this.arrivedAtMs < APART_MAX_MS;
    this.arrivedAtMs = nowMs;
    this.seenId = id;
  }

  private async newest(): Promise<QueuedWindow[]> {
    const windows = await this.sql<QueuedWindow[]>`
      select id, symbol, from_time as "fromUs", to_time as "toUs", reason
        from refresh_queue order by from_time desc, id limit ${LOOK_MAX}`;
    return [...windows];
  }

  private isGathering(): boolean {
    const nowMs = performance.now();
    this.sinceMs ??= nowMs;
    const waitMs = this.areComing ? APART_MAX_MS : ALONE_MS;
    return nowMs - this.arrivedAtMs < waitMs && nowMs - this.sinceMs < GATHER_MAX_MS;
  }

  private async take(step: BacklogStep): Promise<void> {
    const { wholeFromUs } =
      step.kind === "range" ? await this.refresh(step.range) : await this.bars.recompute(step.windows);
    const tooOld = step.windows.filter(({ fromUs }) => fromUs < wholeFromUs);
    if (tooOld.length > 0)
      this.notice("ticks came after those beside them were dropped: bars stay as they are", { windows: tooOld });
    this.leadership.assertHeld();
    const isWhole = ({ fromUs }: TimeRange) => step.kind === "buckets" || fromUs >= step.range.fromUs;
    const fromUs = step.kind === "range" ? step.range.fromUs : 0;
    const done = step.windows.filter(isWhole).map(({ id }) => id);
    const cut = step.windows.filter((window) => !isWhole(window)).map(({ id }) => id);
    await this.finish(
      this.sql,
      step.windows.map((window) => ({ ...window, fromUs: Math.max(window.fromUs, fromUs) })),
      async (transaction) => {
        await transaction`delete from refresh_queue where id = any(${done}::bigint[])`;
        if (cut.length > 0)
          await transaction`update refresh_queue set to_time = ${fromUs} where id = any(${cut}::bigint[])`;
      },
    );
  }

  /** A slice is as long as one family takes a fraction of a second for: what each costs at least would shrink it to nothing. */
  private async refresh(range: TimeRange) {
    const refreshed = await this.bars.refreshHistory(range);
    this.slice.note(refreshed.slowestMs);
    return refreshed;
  }

  private async noteSpeed(windows: number, tookMs: number): Promise<void> {
    const windowsPerS = this.speed.note(windows, tookMs);
    if (windowsPerS === undefined) return;
    await this.sql`update maintenance set windows_per_s = ${windowsPerS}`;
  }
}

/** A late tick, or some of neighbouring minutes. */
function isSingle({ fromUs, toUs }: TimeRange): boolean {
  return toUs - fromUs <= SINGLE_MAX_US;
}

/** As many minutes as a symbol that is quiet puts into a few late ticks. */
const SINGLE_MAX_US = 300_000_000;

/** How fast windows go, over the last seconds of work. */
class Speed {
  private windows = 0;
  private workedMs = 0;

  /** @returns windows a second, once there is something to say */
  note(windows: number, tookMs: number): number | undefined {
    this.windows += windows;
    this.workedMs += tookMs;
    if (this.workedMs < RATE_EVERY_MS) return undefined;
    const windowsPerS = (this.windows * 1000) / this.workedMs;
    // What came before counts half.
    this.windows /= 2;
    this.workedMs /= 2;
    return Math.max(windowsPerS, SLOWEST_PER_S);
  }
}

/** A window of years takes minutes. */
const SLOWEST_PER_S = 0.01;
