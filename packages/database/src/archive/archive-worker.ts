import { setTimeout as sleep } from "node:timers/promises";
import type { ArchiveStore, Coder } from "@fx-ohlc/archive";
import { fullJitterMs, repeat } from "@fx-ohlc/service-kit";
import type { SymbolDay } from "../changed-days.js";
import type { Notice } from "../chunk-watch.js";
import { Leadership } from "../leadership.js";
import { openSessions } from "../monitor.js";
import { mendSession } from "../session.js";
import type { Sql } from "../sql.js";
import { ArchivePass, type PassReport, type WatchDay } from "./archive-pass.js";
import type { DayOutcome } from "./day-archiver.js";
import type { Backlog } from "./entries.js";
import { Pace } from "./pace.js";
import { ARCHIVE_OFFICE, type ArchiveRules } from "./rules.js";

export interface ArchiveWorkerOptions {
  /** A direct connection: session locks do not survive a pooler in transaction mode. */
  readonly url: string;
  readonly store: ArchiveStore;
  readonly coder: Coder;
  readonly rules: ArchiveRules;
  /** Told of every failure, of a day where it was one's; the worker goes on by itself. */
  readonly onError: (error: unknown, day?: SymbolDay) => void;
  readonly onDay?: (outcome: DayOutcome, day: SymbolDay) => void;
  /** Looks on while a day is archived. */
  readonly watch?: WatchDay;
  readonly onPass?: (report: PassReport) => void;
  /** Told every minute what waits, in the middle of a pass too; undefined: another process archives. */
  readonly onBacklog?: (backlog: Backlog | undefined) => void;
  /** Told what waits when a pass ended because the store is away. */
  readonly onAway?: (backlog: Backlog) => void;
  readonly notice?: Notice;
  /** Between two passes, ms. */
  readonly everyMs?: number;
}

/** Days end once a day, and corrections wait for ten minutes. */
const PASS_EVERY_MS = 10_000;
const FOLLOW_POLL_MS = 1000;
const BACKLOG_EVERY_MS = 60_000;
const FAILURE_BACKOFF = { baseMs: 500, maxMs: 30_000 };
/** As many days are read side by side. */
const CONNECTIONS_MAX = 4;

/**
 * Archives days of ticks. Of all processes one does ({@link Leadership}), and none while somebody does so by hand. Every failure of
 * the database ends the sessions, and with them the leadership: following -> leading -> following.
 */
export class ArchiveWorker {
  private readonly stopping = new AbortController();
  private running: Promise<void> = Promise.resolve();
  private failures = 0;

  constructor(private readonly options: ArchiveWorkerOptions) {}

  start(): void {
    this.running = this.run();
  }

  /** Leaves what is under way: a file that is half written counts for nothing. */
  async stop(deadlineMs = 2000): Promise<void> {
    this.stopping.abort();
    await Promise.race([this.running, sleep(deadlineMs, undefined, { ref: false })]);
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      try {
        await this.runSessions();
        await this.pause(FOLLOW_POLL_MS);
      } catch (error) {
        if (signal.aborted) return;
        this.options.onError(error);
        await this.pause(fullJitterMs(this.failures++, FAILURE_BACKOFF));
      }
    }
  }

  private runSessions(): Promise<void> {
    return withArchiveSessions(this.options.url, async ({ leadership, sql }) => {
      while (!this.stopping.signal.aborted) {
        if (!(await isArchivedByHand(sql)) && (await leadership.tryLead())) return this.lead(leadership, sql);
        this.options.onBacklog?.(undefined);
        await this.pause(FOLLOW_POLL_MS);
      }
    });
  }

  private async lead(leadership: Leadership, sql: Sql): Promise<void> {
    const { options } = this;
    const byHand = new AbortController();
    const signal = AbortSignal.any([this.stopping.signal, byHand.signal]);
    const stopLooking = repeat(FOLLOW_POLL_MS, async () => {
      // What cannot be read ends the pass as well.
      if (await isArchivedByHand(sql).catch(() => false)) byHand.abort();
    });
    const pass = new ArchivePass({
      ...{ leadership, sql, signal, notice: options.notice ?? (() => {}), onDay: options.onDay ?? (() => {}) },
      ...{ store: options.store, coder: options.coder, rules: options.rules, onError: options.onError },
      ...(options.watch && { watch: options.watch }),
      ...{ pace: new Pace(options.rules.rowsPerSecond, signal), onAway: options.onAway },
    });
    const stopTelling = repeat(BACKLOG_EVERY_MS, async () => {
      const backlog = await pass.backlog().catch(() => undefined);
      if (backlog !== undefined) options.onBacklog?.(backlog);
    });
    try {
      while (!signal.aborted) {
        leadership.assertHeld();
        const report = await pass.run();
        options.onPass?.(report);
        this.failures = 0;
        await sleep(options.everyMs ?? PASS_EVERY_MS, undefined, { signal });
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      await Promise.all([stopLooking(), stopTelling()]);
    }
  }

  private async pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.stopping.signal }).catch(() => {});
  }
}

export interface ArchiveSessions {
  readonly leadership: Leadership;
  /** A pool for everything but what only the leader may write. */
  readonly sql: Sql;
}

/** Runs something with the sessions that archiving takes. */
export async function withArchiveSessions<T>(url: string, work: (sessions: ArchiveSessions) => Promise<T>): Promise<T> {
  const open = (applicationName: string, connectionsMax = 1) =>
    openSessions({ url, applicationName, connectionsMax, statementTimeoutMs: 0, planCacheMode: "force_custom_plan" });
  const session = await open("fx archive");
  const side = await open("fx archive lease");
  const sql = await open("fx archive reads", CONNECTIONS_MAX);
  const leadership = new Leadership(session, side, undefined, ARCHIVE_OFFICE);
  try {
    await mendSession(session);
    return await work({ leadership, sql });
  } finally {
    leadership.end();
    await Promise.all([session, side, sql].map((each) => each.end({ timeout: 0 })));
  }
}

/** Whether somebody archives by hand, whom the service lets. */
async function isArchivedByHand(sql: Sql): Promise<boolean> {
  const [row] = await sql<{ is: boolean }[]>`
    select coalesce(by_hand_until > fx_clock(), false) as is from archive_state`;
  return row?.is === true;
}
