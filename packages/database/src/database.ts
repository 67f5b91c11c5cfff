import { EventEmitter, once } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { keepSpellings, type Micros } from "@fx-ohlc/schemas";
import { RemoteClock, repeat, withDeadline } from "@fx-ohlc/service-kit";
import { DirectWay, TWO_DATABASES } from "./direct-way.js";
import { drawIncarnation, type LogPosition, logOf, needsIncarnation, recordFacts, SeenLog } from "./incarnation.js";
import { groundKey, type Look, Monitor } from "./monitor.js";
import { type ServerState, whyUnwritable } from "./server-state.js";
import type { SessionOptions } from "./session.js";
import { type DatabaseSettings, type Engine, IncompatibleSchemaError, identityOf } from "./settings.js";
import { openPool, type PoolOptions, type Sql } from "./sql.js";
import { errorClass } from "./sql-state.js";
import { DatabaseUnavailableError, unavailableBecause } from "./unavailable.js";
import { WriteDoubt } from "./write-doubt.js";

export interface DatabaseOptions extends Omit<PoolOptions, "ground" | "planCacheMode"> {
  /** Whether the service writes: then a database that only reads counts as away. */
  readonly isWritten?: boolean;
  /** Another way to the same database, past any pooler, where there is one. Leading elsewhere, it makes the database away. */
  readonly directUrl?: string;
  /** Time between two looks at the server. */
  readonly pingIntervalMs?: number;
  /** A look finds the server away when it answers nothing for longer. */
  readonly pingTimeoutMs?: number;
}

/** With both, a frozen server is noticed after 1.5 s at most: a request gets its 503 within the promised 2 s. */
const PING_INTERVAL_MS = 400;
const PING_TIMEOUT_MS = 1100;
const SILENCE_STEP_MS = 100;
const MAY_NOT_WRITE = "the database's role may not write ticks";
/** Connections that answered nothing for so long are given up: a host that vanished without a word would hold them for minutes. */
const RENEW_AFTER_MS = 10_000;

/** A look that is under way. */
interface Question {
  readonly answer: Promise<void>;
  readonly askedAtMs: number;
}

/**
 * By default PostgreSQL tries at the sixth use of a prepared statement whether a plan for any parameters is as good. For that
 * it plans for every chunk there is: ten years of days are seconds, and gigabytes, in which a commit waits. A plan for given
 * parameters leaves all chunks out but a few.
 */
const PLANNING: Readonly<Record<Engine, NonNullable<SessionOptions["planCacheMode"]>>> = {
  timescaledb: "force_custom_plan",
  postgres: "auto",
};

/**
 * A migrated database: a pool for the caller's queries, and a monitor that looks at the server from a connection of its own.
 *
 * It is `away` until a look has succeeded, the schema was found fit, and the database can be used as the service has to; it is
 * `available` from then on until a look fails. A schema that is older than this build knows, or does not serve it any more,
 * counts as away too: it may be migrated while this process runs. A frozen server answers no query and closes no connection;
 * only the monitor's deadline shows that it is away. A busy one answers something meanwhile, to the monitor or to others. Each
 * look finds out which database it is: when it is another one than before, its settings are read and the pool is opened anew,
 * so that nothing of the old one is taken for the new one's.
 *
 * A service that writes also keeps the database's incarnation: it draws a new one as soon as what answers may not be what it was.
 *
 * Events: `available`, `away` (with the reason), `changed` (to a new incarnation, with the settings), `incompatible` (with the error, at every look).
 */
export class Database extends EventEmitter<{
  available: [];
  away: [DatabaseUnavailableError];
  changed: [DatabaseSettings];
  incompatible: [IncompatibleSchemaError];
}> {
  /** The server's clock, read at every look. */
  readonly clock = new RemoteClock();
  private readonly monitor: Monitor;
  private readonly direct: DirectWay | undefined;
  private readonly doubt = new WriteDoubt();
  private readonly seenLog = new SeenLog();
  private pool: Sql;
  /** What the pool was opened on; undefined when its sessions are not to be trusted any more. */
  private poolKey: string | undefined;
  private state: "away" | "available" = "away";
  private reason = new DatabaseUnavailableError();
  private lastLook: Look | undefined;
  /** The last look found something that a session keeps as it was at its start. */
  private isSessionStale = false;
  private stopLooking: (() => Promise<void>) | undefined;
  private question: Question | undefined;
  /** What the server has answered so far, to the monitor or to others. */
  private answers = 0;
  private readonly waiting = new Set<(reason: unknown) => void>();
  private closed = false;

  constructor(private readonly options: DatabaseOptions) {
    super();
    this.pool = this.openPool();
    const { directUrl, ...monitorOptions } = { ...options, applicationName: `${options.applicationName} monitor` };
    this.monitor = new Monitor(monitorOptions);
    if (directUrl !== undefined && directUrl !== options.url)
      this.direct = new DirectWay({ ...monitorOptions, url: directUrl });
  }

  /** The pool of the moment: never keep it across an await that may outlast an outage. */
  get sql(): Sql {
    return this.pool;
  }

  get available(): boolean {
    return this.state === "available";
  }

  /** @throws DatabaseUnavailableError before the first successful look */
  get settings(): DatabaseSettings {
    if (this.lastLook === undefined) throw this.reason;
    return this.lastLook.settings;
  }

  /** Of a standby, since when commits may be missing in it at most: what it held at the last look. Undefined of a primary. */
  get replayedUs(): Micros | undefined {
    return this.lastLook?.state.replayedUs ?? undefined;
  }

  /** What is wrong though the database can be used, a short sentence each. */
  get problems(): readonly string[] {
    return this.available ? (this.direct?.problems ?? []) : [];
  }

  /** The server's clock: what every rule that speaks of now goes by. This machine's until the server was first reached. */
  nowUs(): Micros {
    return this.clock.nowUs();
  }

  /** @throws DatabaseUnavailableError saying why, when the last look found the database away */
  assertAvailable(): void {
    if (!this.available) throw this.reason;
  }

  /**
   * Whether a look over some other connection saw the database that was here at the last good look.
   *
   * @throws DatabaseUnavailableError when it did not, or nobody knows
   */
  assertSame({ facts }: ServerState): void {
    if (this.lastLook === undefined) throw this.reason;
    if (facts !== this.lastLook.state.facts) throw new DatabaseUnavailableError(TWO_DATABASES);
  }

  /**
   * Whether a transaction runs in this database, as it was at the last look.
   *
   * @throws DatabaseUnavailableError when it does not: the next look finds out where it runs
   */
  assertIdentity(identity: string): void {
    this.noteAnswer();
    if (identity === identityOf(this.settings)) return;
    this.monitor.forget();
    throw new DatabaseUnavailableError("the database is another one, or another state of it, than a moment ago");
  }

  /** How far its log was seen to go; undefined before the first look. */
  get logPosition(): LogPosition | undefined {
    return this.seenLog.position;
  }

  /** Another process has seen so much of a log, perhaps before this one began. */
  noteLog(position: LogPosition): void {
    if (this.lastLook !== undefined && position.of === logOf(this.lastLook)) this.seenLog.note(position);
  }

  /**
   * Takes note of an error that a write has met. When every other write would meet it too, the database is away until a trial
   * has succeeded.
   */
  noteWriteError(error: unknown): void {
    if (errorClass(error)?.stopsWrites !== true) return;
    this.doubt.raise();
    this.isSessionStale = true;
    this.become("away", error);
  }

  /** Starts looking at the server, and goes on until {@link close}. */
  start(): void {
    this.stopLooking = repeat(this.options.pingIntervalMs ?? PING_INTERVAL_MS, () => this.lookOnce());
  }

  /**
   * Waits until the database is available.
   *
   * @throws IncompatibleSchemaError when its schema is older than this build knows, or does not serve it any more
   */
  async untilAvailable(signal?: AbortSignal): Promise<void> {
    if (this.available) return;
    const incompatible = new AbortController();
    const refuse = (error: IncompatibleSchemaError) => incompatible.abort(error);
    this.once("incompatible", refuse);
    try {
      const signals = signal === undefined ? [incompatible.signal] : [incompatible.signal, signal];
      await once(this, "available", { signal: AbortSignal.any(signals) });
    } catch (error) {
      incompatible.signal.throwIfAborted();
      throw error;
    } finally {
      this.off("incompatible", refuse);
    }
  }

  /**
   * Waits for some work on this database, but not longer than until the database is found away: a frozen server answers
   * nothing. The work itself is not stopped by that and may still succeed.
   *
   * @throws DatabaseUnavailableError
   */
  async whileAvailable<T>(work: () => Promise<T>): Promise<T> {
    this.assertAvailable();
    return new Promise((resolve, reject) => {
      this.waiting.add(reject);
      const answered = (result: T) => {
        this.noteAnswer();
        resolve(result);
      };
      const over = () => this.waiting.delete(reject);
      work().then(answered, reject).then(over);
    });
  }

  /** Ends all connections; queries under way are given `deadlineMs`, then cut. */
  async close(deadlineMs = 5000): Promise<void> {
    this.closed = true;
    const timeout = deadlineMs / 1000;
    await Promise.all([
      this.pool.end({ timeout }),
      this.monitor.end(this.available ? timeout : 0),
      this.direct?.end(),
      this.stopLooking?.(),
    ]);
  }

  private openPool(look?: Look): Sql {
    const planning = look === undefined ? {} : { planCacheMode: PLANNING[look.settings.engine], ground: look.ground };
    return openPool({ ...this.options, ...planning });
  }

  private async lookOnce(): Promise<void> {
    this.question ??= { answer: this.ask().finally(() => (this.question = undefined)), askedAtMs: performance.now() };
    const { question } = this;
    try {
      await this.whileAnswering(question);
      this.become("available");
    } catch (error) {
      if (error instanceof IncompatibleSchemaError) this.emit("incompatible", error);
      this.become("away", error);
      if (this.question !== undefined && performance.now() - question.askedAtMs > RENEW_AFTER_MS) this.renew();
    }
  }

  /**
   * The outcome of a look, unless the server answers nothing at all for too long, or this alone for very long. Silence is counted
   * in short waits: one that ends late says that this process was held up, and nothing of the server.
   */
  private async whileAnswering({ answer, askedAtMs }: Question): Promise<void> {
    const { pingTimeoutMs = PING_TIMEOUT_MS } = this.options;
    let heard = this.answers;
    let silentMs = 0;
    for (;;) {
      const waitMs = Math.min(SILENCE_STEP_MS, pingTimeoutMs - silentMs);
      try {
        return await withDeadline(answer, waitMs, "the database");
      } catch (error) {
        // A turn for an answer that arrived while this process was held up.
        await nextTurn();
        if (this.question === undefined) return answer;
        silentMs = this.answers === heard ? silentMs + waitMs : 0;
        heard = this.answers;
        if (silentMs >= pingTimeoutMs || performance.now() >= askedAtMs + RENEW_AFTER_MS) throw error;
      }
    }
  }

  private noteAnswer(): void {
    this.answers += 1;
  }

  /** One question at a time: those sent to a frozen server would pile up behind each other. */
  private async ask(): Promise<void> {
    if (this.isSessionStale) this.monitor.renew();
    const look = await this.monitor.look();
    this.noteAnswer();
    this.isSessionStale = true;
    await this.judge(look);
    this.isSessionStale = false;
    await this.adopt(this.options.isWritten === true ? await this.inItsIncarnation(look) : look);
    const askedAtMs = performance.now();
    const us = await this.monitor.readClock(look);
    this.clock.learn({ us, askedAtMs, answeredAtMs: performance.now() });
  }

  /** What has changed behind the same name must not be taken for what it was. */
  private async inItsIncarnation(look: Look): Promise<Look> {
    const isNew = look.settings.incarnationFacts === "";
    const isChanged = needsIncarnation(look, this.seenLog);
    if (isNew || isChanged) await this.monitor.change(look, isNew ? recordFacts(look) : drawIncarnation(look));
    const now = isNew || isChanged ? await this.monitor.look() : look;
    if (isChanged) this.emit("changed", now.settings);
    this.seenLog.note({ of: logOf(now), bytes: now.state.flushedBytes ?? 0 });
    return now;
  }

  private async adopt(look: Look): Promise<void> {
    this.lastLook = look;
    keepSpellings(look.settings.keptSpellings);
    const key = groundKey(look);
    if (this.poolKey === key) return;
    this.poolKey = key;
    const old = this.pool;
    this.pool = this.openPool(look);
    await old.end({ timeout: 0 });
  }

  /** @throws DatabaseUnavailableError, or PostgreSQL's error of a trial, when this is no database to work on */
  private async judge(look: Look): Promise<void> {
    const { state } = look;
    if (this.options.isWritten !== true) return;
    const obstacle = whyUnwritable(state) ?? (state.mayWrite ? undefined : MAY_NOT_WRITE);
    if (obstacle !== undefined) throw new DatabaseUnavailableError(obstacle);
    await this.direct?.compare(look);
    if (!this.doubt.isRaised) return;
    if (!this.doubt.isDue) throw this.reason;
    await this.monitor.tryToWrite(look);
    this.doubt.settle();
  }

  /** Cuts every connection; what was under way on them rejects. */
  private renew(): void {
    const old = this.pool;
    this.pool = this.openPool(this.lastLook);
    this.monitor.renew();
    void old.end({ timeout: 0 });
  }

  private become(state: "away" | "available", cause?: unknown): void {
    if (this.closed) return;
    const before = this.state;
    this.state = state;
    if (state === "available") {
      if (before !== state) this.emit("available");
      return;
    }
    const reason = unavailableBecause(cause);
    const isNews = before !== state || reason.message !== this.reason.message;
    this.reason = reason;
    // Its sessions may have begun while it was what it must not be.
    if (this.isSessionStale) this.poolKey = undefined;
    for (const reject of this.waiting) reject(reason);
    if (isNews) this.emit("away", reason);
  }
}
