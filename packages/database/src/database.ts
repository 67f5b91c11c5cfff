import { EventEmitter, once } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Micros } from "@fx-ohlc/schemas";
import { RemoteClock, withDeadline } from "@fx-ohlc/service-kit";
import { type DatabaseSettings, type Engine, IncompatibleSchemaError, readSettings } from "./settings.js";
import { openPool, type PoolOptions, type Sql } from "./sql.js";

export interface DatabaseOptions extends PoolOptions {
  /** Time between two looks at the server. */
  readonly pingIntervalMs?: number;
  /** A look that takes longer finds the server away. */
  readonly pingTimeoutMs?: number;
}

/** With both, a frozen server is noticed after 1.5 s at most: a request gets its 503 within the promised 2 s. */
const PING_INTERVAL_MS = 400;
const PING_TIMEOUT_MS = 1100;
/** Connections that answered nothing for so long are given up: a host that vanished without a word would hold them for minutes. */
const RENEW_AFTER_MS = 10_000;
/** Settings are read again this often, so that a migration reaches running services. */
const SETTINGS_MAX_AGE_MS = 30_000;

/**
 * By default PostgreSQL tries at the sixth use of a prepared statement whether a plan for any parameters is as good. For that
 * it plans for every chunk there is: ten years of days are seconds, and gigabytes, in which a commit waits. A plan for given
 * parameters leaves all chunks out but a few.
 */
const PLANNING: Record<Engine, Readonly<Record<string, string>>> = {
  timescaledb: { plan_cache_mode: "force_custom_plan" },
  postgres: {},
};

/** The database cannot be used just now. Nothing was done, or its outcome is unknown. */
export class DatabaseUnavailableError extends Error {
  override readonly name = "DatabaseUnavailableError";

  constructor(detail = "the database is not available", options?: ErrorOptions) {
    super(detail, options);
  }
}

/**
 * A migrated database: a pool for the caller's queries, and a monitor that looks at the server from a connection of its own.
 *
 * It is `away` until a look has succeeded and the schema was found fit, and `available` from then on until a look fails. A
 * schema this build does not know counts as away too: it may be migrated while this process runs. A frozen server answers no query and closes no
 * connection; only the monitor's deadline shows that it is away.
 *
 * Events: `available`, `away` (with the reason), `incompatible` (with the error, at every look).
 */
export class Database extends EventEmitter<{
  available: [];
  away: [unknown];
  incompatible: [IncompatibleSchemaError];
}> {
  /** The server's clock, read at every look. */
  readonly clock = new RemoteClock();
  private readonly options: DatabaseOptions;
  private pool: Sql;
  private monitorPool: Sql;
  private readonly pingIntervalMs: number;
  private readonly pingTimeoutMs: number;
  private state: "away" | "available" = "away";
  private knownSettings: DatabaseSettings | undefined;
  private settingsReadAtMs = Number.NEGATIVE_INFINITY;
  private timer: NodeJS.Timeout | undefined;
  private look: Promise<void> = Promise.resolve();
  private question: { readonly answer: Promise<void>; readonly askedAtMs: number } | undefined;
  private readonly waiting = new Set<(reason: unknown) => void>();
  private closed = false;

  constructor(options: DatabaseOptions) {
    super();
    this.options = options;
    this.pool = this.openPool();
    this.monitorPool = this.openMonitorPool();
    this.pingIntervalMs = options.pingIntervalMs ?? PING_INTERVAL_MS;
    this.pingTimeoutMs = options.pingTimeoutMs ?? PING_TIMEOUT_MS;
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
    if (this.knownSettings === undefined) throw new DatabaseUnavailableError();
    return this.knownSettings;
  }

  /** The server's clock: what every rule that speaks of now goes by. This machine's until the server was first reached. */
  nowUs(): Micros {
    return this.clock.nowUs();
  }

  /** @throws DatabaseUnavailableError when the last look found the server away */
  assertAvailable(): void {
    if (!this.available) throw new DatabaseUnavailableError();
  }

  /** Starts looking at the server, and goes on until {@link close}. */
  start(): void {
    const next = () => {
      this.look = this.lookOnce().finally(() => {
        if (!this.closed) this.timer = setTimeout(next, this.pingIntervalMs);
      });
    };
    next();
  }

  /**
   * Waits until the database is available.
   *
   * @throws IncompatibleSchemaError when its schema is not the one this build knows
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
      void work()
        .then(resolve, reject)
        .finally(() => this.waiting.delete(reject));
    });
  }

  /** Ends both pools; queries under way are given `deadlineMs`, then cut. */
  async close(deadlineMs = 5000): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    const timeout = deadlineMs / 1000;
    await Promise.all([
      this.pool.end({ timeout }),
      this.monitorPool.end({ timeout: this.available ? timeout : 0 }),
      this.look,
    ]);
  }

  private openPool(): Sql {
    const planning = this.knownSettings === undefined ? {} : PLANNING[this.knownSettings.engine];
    return openPool({ ...this.options, settings: { ...planning, ...this.options.settings } });
  }

  private openMonitorPool(): Sql {
    const applicationName = `${this.options.applicationName} monitor`;
    return openPool({ ...this.options, applicationName, connectionsMax: 1 });
  }

  private async lookOnce(): Promise<void> {
    this.question ??= { answer: this.ask().finally(() => (this.question = undefined)), askedAtMs: performance.now() };
    const { answer, askedAtMs } = this.question;
    try {
      // The last turn is for an answer that arrived while this process itself was too busy to read it.
      await withDeadline(answer, this.pingTimeoutMs, "the database").catch(async (error: unknown) => {
        await nextTurn();
        if (this.question !== undefined) throw error;
        await answer;
      });
      this.become("available");
    } catch (error) {
      if (error instanceof IncompatibleSchemaError) this.emit("incompatible", error);
      this.become("away", error);
      if (this.question !== undefined && performance.now() - askedAtMs > RENEW_AFTER_MS) this.renew();
    }
  }

  /** One question at a time: those sent to a frozen server would pile up behind each other. */
  private async ask(): Promise<void> {
    const areSettingsFresh = performance.now() - this.settingsReadAtMs < SETTINGS_MAX_AGE_MS;
    if (!this.available || !areSettingsFresh) await this.readSettings();
    const askedAtMs = performance.now();
    const [row] = await this.monitorPool<{ now: Micros }[]>`select fx_clock() as now`;
    if (row !== undefined) this.clock.learn({ us: row.now, askedAtMs, answeredAtMs: performance.now() });
  }

  private async readSettings(): Promise<void> {
    const { engine } = this.knownSettings ?? {};
    this.knownSettings = await readSettings(this.monitorPool);
    this.settingsReadAtMs = performance.now();
    if (this.knownSettings.engine === engine) return;
    const old = this.pool;
    this.pool = this.openPool();
    await old.end({ timeout: 0 });
  }

  /** Cuts every connection; what was under way on them rejects. */
  private renew(): void {
    const old = [this.pool, this.monitorPool];
    this.pool = this.openPool();
    this.monitorPool = this.openMonitorPool();
    for (const pool of old) void pool.end({ timeout: 0 });
  }

  private become(state: "available" | "away", reason?: unknown): void {
    if (this.state === state || this.closed) return;
    this.state = state;
    if (state === "available") this.emit("available");
    else this.leave(reason);
  }

  private leave(reason: unknown): void {
    for (const reject of this.waiting) reject(new DatabaseUnavailableError());
    this.emit("away", reason);
  }
}
