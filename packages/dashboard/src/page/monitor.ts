import type { FxClient, Health } from "@fx-ohlc/client";
import type { ZoneName } from "./format/zone.js";
import { type ConnectionEvent, FIRST_CONNECTION, reduceConnection, statusOf } from "./state/connection.js";
import { clockOffset, median, type RateSample, rateOf, withAge, withSample } from "./state/meters.js";
import type { PageTick } from "./ticks/tick.js";
import { type Meters, SystemView } from "./view/system-view.js";

const SECOND_MS = 1_000;
/** How often the system is asked how it is. */
const HEALTH_INTERVAL_S = 10;

/** Watches over the connection and the system, and shows how they are once a second and whenever that changes. */
export class Monitor {
  readonly #view = new SystemView(() => this.#draw());
  #connection = FIRST_CONNECTION;
  #samples: readonly RateSample[] = [];
  #ages: readonly number[] = [];
  #health: Health | undefined;
  /** What the server's clock is ahead of this machine's. */
  #clockOffsetMs = 0;
  #seconds = 0;
  #zone: ZoneName = "utc";

  constructor(
    private readonly client: FxClient,
    private readonly ticksSeen: () => number,
  ) {}

  get isCatchingUp(): boolean {
    return this.#connection.phase === "catching-up";
  }

  /** When the page heard the last before it lost the connection; undefined while it has one. */
  get lostAtMs(): number | undefined {
    return this.#connection.lostAtMs;
  }

  /** What the system's clock shows, as well as this page knows, ms since 1970. */
  get nowMs(): number {
    return Date.now() + this.#clockOffsetMs;
  }

  /** Whose clocks the header shows. */
  showZone(zone: ZoneName): void {
    this.#zone = zone;
    this.#draw();
  }

  /** @param onSecond called every second besides */
  start(onSecond: () => void): void {
    setInterval(() => {
      this.#onSecond();
      onSecond();
    }, SECOND_MS);
    void this.#askHealth();
    this.#draw();
  }

  onConnection(event: ConnectionEvent): void {
    const before = this.#connection;
    this.#connection = reduceConnection(before, event);
    // Hearing something is only shown with the next second: it happens hundreds of times in one.
    if (before.phase === this.#connection.phase && before.log === this.#connection.log) return;
    this.#draw();
    if (event.type === "up" || event.type === "down") void this.#askHealth();
  }

  /** Ticks came from the stream and are about to be drawn. */
  onTicks(ticks: readonly PageTick[]): void {
    const { nowMs } = this;
    // What is replayed after an outage says nothing about how fast the stream is.
    if (this.#connection.phase !== "live") return;
    for (const { time } of ticks.slice(-10)) this.#ages = withAge(this.#ages, Math.max(0, nowMs - Date.parse(time)));
  }

  #onSecond(): void {
    this.#seconds += 1;
    this.#samples = withSample(this.#samples, { atMs: performance.now(), total: this.ticksSeen() });
    if (this.#seconds % HEALTH_INTERVAL_S === 0) void this.#askHealth();
    this.#draw();
  }

  get #meters(): Meters {
    const { phase, roundTripMs } = this.#connection;
    const ageMs = phase === "live" ? median(this.#ages) : undefined;
    return { roundTripMs, ageMs, ticksPerSecond: rateOf(this.#samples) };
  }

  #draw(): void {
    const clock = { nowMs: this.nowMs, zone: this.#zone };
    this.#view.render(statusOf(this.#connection, Date.now()), this.#connection, this.#meters, clock);
    this.#view.renderHealth(this.#health, this.#meters);
  }

  async #askHealth(): Promise<void> {
    const askedAtMs = Date.now();
    try {
      this.#health = await this.client.health({ signal: AbortSignal.timeout(HEALTH_INTERVAL_S * SECOND_MS) });
      const serverMs = Date.parse(this.#health.timestamp ?? "");
      if (!Number.isNaN(serverMs)) this.#clockOffsetMs = clockOffset(serverMs, askedAtMs, Date.now());
    } catch {
      this.#health = undefined;
    }
  }
}
