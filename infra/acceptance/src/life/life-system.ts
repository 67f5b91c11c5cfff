import { type MigrateOptions, migrate } from "@fx-ohlc/database";
import type { DayBoundary } from "@fx-ohlc/schemas";
import { eventually, startService, type TestService } from "@fx-ohlc/testkit";
import { ShiftedClock } from "../clock/shifted-clock.js";
import { type Everything, healthOf } from "../system.js";
import { ageUntold } from "../untold.js";
import { DatabaseHost } from "./database-host.js";
import { RedisHost } from "./redis-host.js";

/** Services that notice everything soon and end at once. */
const ENV = { LOG_LEVEL: "warn", HEARTBEAT_INTERVAL_MS: "500", DRAIN_MS: "0", SHUTDOWN_GRACE_MS: "0" };

/** The three services: the edge adds nothing that lasts. */
export type Services = Omit<Everything, "edge">;

/** A service whose databases were put back connects again, reads all settings and is ready within this, ms. */
const READY_AGAIN_MS = 20_000;

/** Nearer than this clocks are alike on a busy machine, s. */
const SKEW_TOLERANCE_S = 0.7;

const isOfClocks = (problem: string) => problem.includes("clock is");

/** The system of one life: services as processes, with clocks that can be moved, on a database and a Redis that can go back. */
export class LifeSystem {
  readonly #deaths: string[] = [];
  #aheadS = 0;

  private constructor(
    readonly boundary: DayBoundary,
    readonly database: DatabaseHost,
    readonly redis: RedisHost,
    readonly services: Services,
    private readonly clock: ShiftedClock,
  ) {}

  static async create(boundary: DayBoundary): Promise<LifeSystem> {
    const [database, redis] = await Promise.all([DatabaseHost.create(boundary), RedisHost.create()]);
    const clock = new ShiftedClock();
    const addresses = { DATABASE_URL: database.url, REDIS_URL: redis.url };
    const start = (name: string, more = {}) =>
      startService({ name, env: { ...ENV, ...addresses, ...clock.env, ...more } });
    const [ingest, query] = await Promise.all([start("tick-ingest"), start("ohlc-query")]);
    const gateway = await start("stream-gateway", { OHLC_QUERY_URL: query.url });
    const system = new LifeSystem(boundary, database, redis, { ingest, query, gateway }, clock);
    for (const service of system.#all) service.onDeath((reason) => system.#died(service, reason));
    return system;
  }

  /** How far the clocks of the services are ahead of this machine's. */
  get aheadS(): number {
    return this.#aheadS;
  }

  /** Now: the time by the database's clock. */
  nowUs(): number {
    return (Date.now() + this.database.aheadS * 1_000) * 1_000;
  }

  setServiceClocks(aheadS: number): void {
    this.#aheadS = aheadS;
    this.clock.set(aheadS * 1_000);
  }

  /** The last lines that each service has written. */
  get logs(): string[] {
    return this.#all.map(({ name, output }) => `${name}: ${output}`);
  }

  /** @throws Error when a service had ended that nobody stopped or killed */
  assertAlive(): void {
    if (this.#deaths.length > 0) throw new Error(this.#deaths.join("\n"));
  }

  /** Ends all services, in order or as a power cut would. */
  async halt(killed: boolean): Promise<void> {
    await Promise.all(this.#all.map((service) => (killed ? service.kill9() : service.stop())));
    if (killed) await ageUntold(this.database.sql);
  }

  /** Kills the tick-ingest as a power cut would. The next one declares at once what it leaves. */
  async killIngest(): Promise<void> {
    await this.services.ingest.kill9();
    await ageUntold(this.database.sql);
  }

  async startAll(): Promise<void> {
    const { ingest, query, gateway } = this.services;
    await Promise.all([ingest.start(), query.start()]);
    await gateway.start();
  }

  /** Services that went on while what they need was away are ready again by themselves. */
  async untilReady(): Promise<void> {
    const isReady = async () => {
      const answers = await Promise.all(this.#all.map(({ url }) => fetch(`${url}/ready`)));
      const healths = await Promise.all(this.#all.map(healthOf));
      return answers.every(({ ok }) => ok) && healths.every(({ body }) => body.redis !== "disconnected");
    };
    await eventually(isReady, { timeoutMs: READY_AGAIN_MS, what: "every service to be ready again" });
  }

  /** What is not as it should be about what services say of their health: it tells clocks that differ, and nothing else is wrong. */
  async healthFaults(): Promise<string[]> {
    const { ingest, gateway } = this.services;
    const skewS = this.#aheadS - this.database.aheadS;
    const faults = [ingest, gateway].map(async (service) => {
      const { status, body } = await healthOf(service);
      const problems = (body.problems as string[] | undefined) ?? [];
      const isRight = skewS === 0 ? status === 200 && problems.length === 0 : problems.some(isOfClocks);
      const isKnown = Math.abs(Number(body.clock_skew_s) - skewS) < SKEW_TOLERANCE_S;
      return isRight && isKnown ? [] : [`${service.name} is ${skewS} s ahead: ${status} ${JSON.stringify(body)}`];
    });
    return (await Promise.all(faults)).flat();
  }

  /** Services look at the database's clock every half second or so. */
  async untilClocksAreKnown(): Promise<void> {
    const areKnown = async () => (await this.healthFaults()).length === 0;
    await eventually(areKnown, { timeoutMs: READY_AGAIN_MS, what: "every service to know how far its clock is off" });
  }

  /** What `fx-migrate` does, in this process: settings that are not given are left out. */
  async migrate(settings: Partial<Pick<MigrateOptions, "retentionDays" | "confirmClock">>): Promise<void> {
    await migrate({ url: this.database.url, engine: "auto", ...settings });
  }

  async drop(): Promise<void> {
    await Promise.all(this.#all.map((service) => service.kill9()));
    await Promise.all([this.database.drop(), this.redis.drop()]);
    this.clock.remove();
  }

  get #all(): readonly TestService[] {
    const { ingest, query, gateway } = this.services;
    return [ingest, query, gateway];
  }

  #died(service: TestService, reason: string): void {
    this.#deaths.push(`${service.name} ended by itself (${reason}):\n${service.output}`);
  }
}
