import type { TraceSpan } from "./tracing/trace-span.js";

const UNTRACED: readonly TraceSpan[] = [];

/**
 * Whether something has to end before it is done, and why. An `AbortSignal` says the same, but with its controller and a listener
 * it costs some 10 µs of a read that takes 300.
 */
export class Ending {
  /** Steps of traces that what is done until then belongs to. */
  spans: readonly TraceSpan[] = UNTRACED;
  #reason: Error | undefined;
  readonly #listeners = new Set<(reason: Error) => void>();

  /** @param caller whose share of a bound it counts towards; nobody's when empty */
  constructor(readonly caller = "") {}

  /** Undefined as long as it may go on. */
  get reason(): Error | undefined {
    return this.#reason;
  }

  /** @throws the reason, when there is one */
  assertNone(): void {
    if (this.#reason !== undefined) throw this.#reason;
  }

  /** Only the first reason counts. */
  end(reason: Error): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    for (const listener of this.#listeners) listener(reason);
  }

  /** Calls back when it ends, unless it has. */
  onEnd(listener: (reason: Error) => void): void {
    this.#listeners.add(listener);
  }

  offEnd(listener: (reason: Error) => void): void {
    this.#listeners.delete(listener);
  }
}
