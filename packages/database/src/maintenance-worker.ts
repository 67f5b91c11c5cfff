import { setTimeout as sleep } from "node:timers/promises";
import { type Micros, nowUs } from "@fx-ohlc/schemas";
import { fullJitterMs } from "@fx-ohlc/service-kit";
import { BarMark, type ClosingPace } from "./bar-mark.js";
import { BarRefresh } from "./bar-refresh.js";
import { BarSweep } from "./bar-sweep.js";
import { followDroppedChunks, type Notice, removeForeignPolicies } from "./chunk-watch.js";
import { ClockWatch } from "./clock-watch.js";
import { Leadership } from "./leadership.js";
import { openSession } from "./monitor.js";
import { type FinishRefresh, RefreshBacklog } from "./refresh-backlog.js";
import type { ServerState } from "./server-state.js";
import { mendSession } from "./session.js";
import { servedSettings } from "./settings.js";
import { SliceLength } from "./slice-length.js";
import type { Sql } from "./sql.js";
import { TickDrops } from "./tick-drops.js";
import { settleBars } from "./unsettled-bars.js";

export interface MaintenanceOptions {
  /** A direct connection: session locks and CALL do not survive a pooler in transaction mode. */
  readonly url: string;
  /** Takes every group of windows whose bars can be read now off the queue. By default nothing else happens. */
  readonly finish?: FinishRefresh;
  /** Told what the sessions lead to, at their start and every second; what it throws ends them. */
  readonly recognise?: (state: ServerState) => void;
  /** Told of every failure; the worker goes on by itself. */
  readonly onError: (error: unknown) => void;
  /** Told what an operator should know. */
  readonly notice?: Notice;
  /** This machine's clock, which the database's is held against. */
  readonly ownClock?: () => Micros;
  /** When bars are closed: a minute apart, six minutes after their end. */
  readonly closing?: ClosingPace;
}

/** How long an idle worker, or one that is not the leader, waits before it looks again. */
const POLL_INTERVAL_MS = 60;
/** Between two looks at the settings, the clock, the chunks and what has expired. */
const LOOK_INTERVAL_MS = 1000;
/** Between two looks for policies that others have made. */
const POLICIES_INTERVAL_MS = 10_000;
/** What nobody waits for is done when no window has come for so long, */
const SWEEP_QUIET_MS = 1000;
/** a slice at a time, */
const SWEEP_INTERVAL_MS = 200;
/** and while they keep coming, now and then. */
const SWEEP_EVERY_MS = 10_000;
const FAILURE_BACKOFF = { baseMs: 200, maxMs: 5000 };

/**
 * Looks after bars and ticks behind the writers: refreshes what TimescaleDB has materialised or should, and drops ticks that
 * have expired, one after the other, so that nothing is ever refreshed whose ticks are being dropped.
 *
 * Of all processes one is the leader ({@link Leadership}); the others wait to take over. Every failure ends the sessions, and
 * with them the leadership: following -> leading -> following.
 */
export class MaintenanceWorker {
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private failures = 0;
  /** What the sessions lead to. */
  private state: ServerState | undefined;

  constructor(private readonly options: MaintenanceOptions) {}

  start(): void {
    this.running = this.run();
  }

  /** Finishes the step under way; a server that does not answer is left after `deadlineMs`. */
  async stop(deadlineMs = 2000): Promise<void> {
    this.stopping.abort();
    await Promise.race([this.running, sleep(deadlineMs, undefined, { ref: false })]);
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      try {
        await this.runSessions();
      } catch (error) {
        this.options.onError(error);
        await this.pause(fullJitterMs(this.failures++, FAILURE_BACKOFF));
      }
    }
  }

  private async runSessions(): Promise<void> {
    const session = await this.openSession("fx maintenance");
    const side = await this.openSession("fx maintenance lease");
    const leadership = new Leadership(session, side);
    try {
      await mendSession(session);
      if (await this.follow(leadership)) await this.lead(leadership, session);
    } finally {
      leadership.end();
      await Promise.all([session.end({ timeout: 0 }), side.end({ timeout: 0 })]);
    }
  }

  private openSession(applicationName: string): Promise<Sql> {
    const session = { applicationName, statementTimeoutMs: 0, planCacheMode: "force_custom_plan" } as const;
    return openSession({ url: this.options.url, ...session }, (state) => {
      this.state = state;
      this.options.recognise?.(state);
    });
  }

  private async pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.stopping.signal }).catch(() => {});
  }

  /** @returns false when the worker is stopped first */
  private async follow(leadership: Leadership): Promise<boolean> {
    while (!this.stopping.signal.aborted) {
      if (await leadership.tryLead()) return true;
      await this.pause(POLL_INTERVAL_MS);
    }
    return false;
  }

  private async lead(leadership: Leadership, sql: Sql): Promise<void> {
    const recognise = () => this.state !== undefined && this.options.recognise?.(this.state);
    const round = new Round(leadership, sql, this.options, recognise);
    // What a leader before this one began to refresh: nobody does any more.
    await settleBars(sql);
    while (!this.stopping.signal.aborted) {
      const isBusy = await round.run();
      this.failures = 0;
      if (!isBusy) await this.pause(POLL_INTERVAL_MS);
    }
  }
}

/** What the leader does again and again. */
class Round {
  private readonly notice: Notice;
  private readonly ownClock: () => Micros;
  private readonly clock = new ClockWatch();
  private readonly drops: TickDrops;
  private readonly mark: BarMark;
  private readonly bars: BarRefresh;
  private readonly backlog: RefreshBacklog;
  private readonly sweep: BarSweep;
  private settings: ReadonlyMap<string, string> = new Map();
  private lookedAtMs = Number.NEGATIVE_INFINITY;
  private policiesAtMs = Number.NEGATIVE_INFINITY;
  private workedAtMs = Number.NEGATIVE_INFINITY;
  private sweptAtMs = Number.NEGATIVE_INFINITY;
  private disagreement: string | undefined;

  constructor(
    private readonly leadership: Leadership,
    private readonly sql: Sql,
    options: MaintenanceOptions,
    private readonly recognise: () => unknown,
  ) {
    this.notice = options.notice ?? (() => {});
    this.ownClock = options.ownClock ?? nowUs;
    this.drops = new TickDrops(leadership, sql, this.notice);
    this.mark = new BarMark(leadership, sql, this.notice, options.closing);
    const slice = new SliceLength();
    this.bars = new BarRefresh(leadership, sql);
    this.backlog = new RefreshBacklog(leadership, sql, this.bars, slice, this.notice, options.finish);
    this.sweep = new BarSweep(sql, this.bars, slice);
  }

  /** @returns whether there may be more to do at once */
  async run(): Promise<boolean> {
    this.leadership.assertHeld();
    if (performance.now() - this.lookedAtMs > LOOK_INTERVAL_MS) await this.look();
    if (!this.isOnTimescaleDb) return false;
    await this.bars.refreshDue(this.settings);
    const backlog = await this.backlog.step();
    if (backlog !== "idle") this.workedAtMs = performance.now();
    else await this.sweepNow();
    return backlog === "worked";
  }

  private async sweepNow(): Promise<void> {
    const nowMs = performance.now();
    const isQuiet = nowMs - this.workedAtMs > SWEEP_QUIET_MS;
    if (nowMs - this.sweptAtMs < (isQuiet ? SWEEP_INTERVAL_MS : SWEEP_EVERY_MS)) return;
    await this.sweep.step();
    this.sweptAtMs = performance.now();
  }

  private get isOnTimescaleDb(): boolean {
    return this.settings.get("engine") === "timescaledb";
  }

  private async look(): Promise<void> {
    this.recognise();
    this.settings = await servedSettings(this.sql);
    const engine = this.isOnTimescaleDb ? "timescaledb" : "postgres";
    if (this.isOnTimescaleDb) {
      await this.lookAtForeignHands();
      await this.bars.refreshAhead();
    }
    await this.mark.step(engine);
    const databaseUs = await this.readClock();
    await this.drops.step({
      engine,
      keepTicksDays: Number(this.settings.get("keep_ticks_days")),
      hasArchive: this.settings.has("archive_url"),
      nowUs: databaseUs,
      isClockTrusted: this.disagreement === undefined && !(await this.isHeld()),
      materialise: async () => {
        if (this.isOnTimescaleDb) await this.bars.refreshEverything();
      },
    });
    this.lookedAtMs = performance.now();
  }

  private async lookAtForeignHands(): Promise<void> {
    await followDroppedChunks(this.leadership, this.sql, this.notice);
    if (performance.now() - this.policiesAtMs < POLICIES_INTERVAL_MS) return;
    await removeForeignPolicies(this.sql, this.notice);
    this.policiesAtMs = performance.now();
  }

  private async readClock(): Promise<number> {
    const [row] = await this.sql<{ now: number }[]>`select fx_clock() as now`;
    const reading = { databaseUs: row?.now ?? 0, ownUs: this.ownClock(), monotonicMs: performance.now() };
    const jump = this.clock.jump(reading);
    if (jump !== undefined) await this.hold(jump);
    const disagreement = this.clock.disagreement(reading);
    if (disagreement !== undefined && this.disagreement === undefined) {
      this.notice("expired ticks are kept as long as clocks disagree", { reason: disagreement });
    }
    this.disagreement = disagreement;
    return reading.databaseUs;
  }

  private async hold(reason: string): Promise<void> {
    await this.sql`update maintenance set held_because = coalesce(held_because, ${reason})`;
    this.notice("expired ticks are kept until CONFIRM_CLOCK=true is given to fx-migrate", { reason });
  }

  private async isHeld(): Promise<boolean> {
    const held = await this.sql`select 1 from maintenance where held_because is not null`;
    return held.length > 0;
  }
}
