import type { FxClient, FxStream, StreamEvent } from "@fx-ohlc/client";

/** A half-open range of time that a client was told it missed. */
interface Skipped {
  readonly type: string;
  readonly from: string;
  readonly to: string;
}

/** One stream client, and its account: what it received, and what it was told it did not. */
export class Listener {
  readonly #stream: FxStream;
  readonly #times = new Map<string, number>();
  readonly #skipped: Skipped[] = [];
  readonly #endings: string[] = [];
  #connections = 0;

  constructor(client: FxClient, symbol: string) {
    this.#stream = client.stream({ channels: [`ticks:${symbol}`] });
  }

  /** Reads until {@link stop}. */
  async listen(): Promise<void> {
    for await (const event of this.#stream) this.#take(event);
  }

  stop(): void {
    this.#stream.close();
  }

  get isLive(): boolean {
    return this.#connections > 0;
  }

  /** Connections after the first one. */
  get reconnects(): number {
    return Math.max(0, this.#connections - 1);
  }

  /** Why connections ended. */
  get endings(): readonly string[] {
    return this.#endings;
  }

  /** Ranges that were declared and could not be read over HTTP either. */
  get declared(): number {
    return this.#skipped.length;
  }

  /** What they were declared as: `gap`, or `conflated` where the client was too slow for every tick. */
  get declaredAs(): readonly string[] {
    return this.#skipped.map(({ type }) => type);
  }

  /** Ticks the stream itself brought more than once. */
  get repeated(): number {
    return [...this.#times.values()].filter((times) => times > 1).length;
  }

  /** Ticks this client neither received nor was told of. */
  missing(times: Iterable<string>): string[] {
    return [...times].filter((time) => !this.#times.has(time) && !this.#isSkipped(time));
  }

  #isSkipped(time: string): boolean {
    return this.#skipped.some(({ from, to }) => from <= time && time < to);
  }

  #take(event: StreamEvent): void {
    if (event.type === "ticks") for (const { time } of event.ticks) this.#count(time, 1);
    // What is read over HTTP may have come before.
    if (event.type === "reloaded-ticks")
      for (const { time } of event.ticks) this.#count(time, this.#times.has(time) ? 0 : 1);
    if (event.type === "gap" || event.type === "conflated") {
      const { type, from, to } = event;
      this.#skipped.push({ type, from, to });
    }
    if (event.type === "status" && event.status === "live") this.#connections += 1;
    if (event.type === "status" && event.status === "waiting") this.#endings.push(event.reason ?? "");
  }

  #count(time: string, by: number): void {
    this.#times.set(time, (this.#times.get(time) ?? 0) + by);
  }
}
