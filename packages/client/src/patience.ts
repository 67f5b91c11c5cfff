/**
 * Waits for one thing after the other, for each no longer than it may take. What lies between is the caller's own time: it may read
 * an answer as slowly as it likes.
 */
export class Patience {
  readonly #timeout = new AbortController();
  /** Aborts when something took too long, or the caller has had enough. */
  readonly signal: AbortSignal;

  constructor(
    private readonly timeoutMs: number,
    signal: AbortSignal | undefined,
  ) {
    this.signal = signal === undefined ? this.#timeout.signal : AbortSignal.any([signal, this.#timeout.signal]);
  }

  async with<T>(wait: () => Promise<T>): Promise<T> {
    const reason = new DOMException(`nothing came for ${this.timeoutMs} ms`, "TimeoutError");
    const timer = setTimeout(() => this.#timeout.abort(reason), this.timeoutMs);
    try {
      return await wait();
    } finally {
      clearTimeout(timer);
    }
  }
}
