import type { FxClient, Health } from "@fx-ohlc/client";
import { type ConnectionEvent, FIRST_CONNECTION, reduceConnection, statusOf } from "./state/connection.js";
import { median, type RateSample, rateOf, withAge, withSample } from "./state/meters.js";
import type { PageTick } from "./ticks/tick.js";
import { type Meters, SystemView } from "./view/system-view.js";

const SECOND_MS = 1_000;
/** How often the system is asked how it is. */
const HEALTH_INTERVAL_S = 10;

/** Watches over the connection and the system, and shows how they are once a second and whenever that changes. */
export class Monitor {
  readonly #client: FxClient;
  readonly #ticksSeen: () => number;
  readonly #view = new SystemView();
  #connection = FIRST_CONNECTION;
  #samples: readonly RateSample[] = [];
  #ages: readonly number[] = [];
  #health: Health | undefined;
  /** What the server's clock is ahead of this machine's. */
  #clockOffsetMs = 0;
  #seconds = 0;

  constructor(client: FxClient, ticksSeen: () => number) {
    this.#client = client;
    this.#ticksSeen = ticksSeen;
  }

  get isCatchingUp(): boolean {
    return this.#connection.phase === "catching-up";
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
    if (before.phase !== this.#connection.phase || before.log !== this.#connection.log) this.#draw();
  }

  /** Ticks came from the stream and are about to be drawn. */
  onTicks(ticks: readonly PageTick[]): void {
    const nowMs = Date.now() + this.#clockOffsetMs;
    for (const { time } of ticks.slice(-10)) this.#ages = withAge(this.#ages, Math.max(0, nowMs - Date.parse(time)));
    const upAtMs = this.#connection.lostAtMs === undefined ? undefined : Date.now();
    if (upAtMs !== undefined) this.onConnection({ type: "late-ticks", count: ticks.length });
  }

  #onSecond(): void {
    this.#seconds += 1;
    this.#samples = withSample(this.#samples, { atMs: performance.now(), total: this.#ticksSeen() });
    if (this.#seconds % HEALTH_INTERVAL_S === 0) void this.#askHealth();
    this.#draw();
  }

  get #meters(): Meters {
    const { roundTripMs } = this.#connection;
    return { roundTripMs, ageMs: median(this.#ages), ticksPerSecond: rateOf(this.#samples) };
  }

  #draw(): void {
    const nowMs = Date.now();
    this.#view.render(statusOf(this.#connection, nowMs), this.#connection, this.#meters, nowMs + this.#clockOffsetMs);
    this.#view.renderHealth(this.#health, this.#meters);
  }

  async #askHealth(): Promise<void> {
    const askedAtMs = Date.now();
    try {
      this.#health = await this.#client.health({ signal: AbortSignal.timeout(HEALTH_INTERVAL_S * SECOND_MS) });
      const answeredAtMs = Date.now();
      // As NTP does: the answer was written half-way between question and answer.
      this.#clockOffsetMs = Date.parse(this.#health.timestamp) - (askedAtMs + answeredAtMs) / 2;
    } catch {
      this.#health = undefined;
    }
  }
}
