/** Lets a bounded number of tasks run at a time; the others wait for their turn, in order. */
export class Semaphore {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(private readonly runningMax: number) {}

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running >= this.runningMax) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#running += 1;
    try {
      return await task();
    } finally {
      // The place is handed to the next one, or given back.
      const next = this.#waiting.shift();
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}
