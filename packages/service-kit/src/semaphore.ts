import type { Ending } from "./ending.js";
import { Problem } from "./problem.js";

export interface SemaphoreOptions {
  /** How many tasks may wait for their turn; any number when absent. */
  readonly waitingMax?: number;
  /** What is said to those beyond. */
  readonly whenFull?: string;
}

/** Lets a bounded number of tasks run at a time; the others wait for their turn, first come, first served. */
export class Semaphore {
  #free: number;
  readonly #waiting = new Set<() => void>();
  readonly #options: SemaphoreOptions;

  constructor(runningMax: number, options: SemaphoreOptions = {}) {
    this.#free = runningMax;
    this.#options = options;
  }

  /**
   * @throws Problem 503 when too many wait already; the reason to end when there is one before the task's turn; whatever the
   *   task fails with
   */
  async run<T>(task: () => Promise<T>, ending?: Ending): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await this.#turn(ending);
    try {
      return await task();
    } finally {
      this.#end();
    }
  }

  #turn(ending: Ending | undefined): Promise<void> {
    const { waitingMax = Number.POSITIVE_INFINITY, whenFull = "Too many wait already." } = this.#options;
    if (this.#waiting.size >= waitingMax) throw new Problem("unavailable", whenFull);
    return new Promise((resolve, reject) => {
      const leave = (reason: Error) => {
        this.#waiting.delete(begin);
        reject(reason);
      };
      const begin = () => {
        ending?.offEnd(leave);
        resolve();
      };
      this.#waiting.add(begin);
      ending?.onEnd(leave);
    });
  }

  /** The place is handed to the next one, or given back. */
  #end(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free += 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
