import { Problem } from "@fx-ohlc/service-kit";

/** Bounds how many run at once, and how many wait for that: first come, first served. */
export class Turns {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(
    runningMax: number,
    private readonly waitingMax: number,
  ) {
    this.#free = runningMax;
  }

  /**
   * Resolves when it is one's turn, which ends with {@link end}.
   *
   * @throws Problem 503 when too many wait already; the signal's reason when it is aborted first
   */
  async begin(signal: AbortSignal): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    if (this.#waiting.size >= this.waitingMax)
      throw new Problem("unavailable", "Too many reads wait for the database.");
    await new Promise<void>((resolve, reject) => {
      const leave = () => {
        this.#waiting.delete(begin);
        reject(signal.reason);
      };
      const begin = () => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      this.#waiting.add(begin);
      signal.addEventListener("abort", leave);
    });
  }

  end(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
