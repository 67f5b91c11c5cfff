import type { Ending } from "./ending.js";
import { Problem } from "./problem.js";

export interface FairTurnsOptions {
  /** Tasks that run at a time. */
  readonly runningMax: number;
  /** So many of them may be of one caller, however few others there are: the rest is there for whoever comes. */
  readonly runningPerCallerMax: number;
  /** Tasks that may wait. */
  readonly waitingMax: number;
  /** So many of them may be of one caller. */
  readonly waitingPerCallerMax: number;
  /** What is said to those beyond. */
  readonly whenFull: string;
}

/** What one caller has running and waiting. */
interface Line {
  running: number;
  readonly waiting: Set<() => void>;
}

/**
 * Lets a bounded number of tasks run at a time. A place goes to the caller who has the fewest, and among those callers take turns,
 * whatever each of them has waiting; of one caller the first comes first.
 */
export class FairTurns {
  /** In the order of their next turns. */
  readonly #lines = new Map<string, Line>();
  readonly #options: FairTurnsOptions;
  #running = 0;
  #waiting = 0;

  constructor(options: FairTurnsOptions) {
    this.#options = options;
  }

  /**
   * @param caller whose turn it takes
   * @throws Problem 503 when too many wait already; the reason to end when there is one before the task's turn; whatever the
   *   task fails with
   */
  async run<T>(caller: string, task: () => Promise<T>, ending?: Ending): Promise<T> {
    const line = this.#lineOf(caller);
    if (line.waiting.size === 0 && this.#mayRun(line)) this.#begin(line);
    else await this.#turn(line, ending);
    try {
      return await task();
    } finally {
      this.#running -= 1;
      line.running -= 1;
      this.#forgetIdle(caller, line);
      this.#next();
    }
  }

  #lineOf(caller: string): Line {
    const known = this.#lines.get(caller);
    if (known !== undefined) return known;
    const line = { running: 0, waiting: new Set<() => void>() };
    this.#lines.set(caller, line);
    return line;
  }

  #mayRun({ running }: Line): boolean {
    return this.#running < this.#options.runningMax && running < this.#options.runningPerCallerMax;
  }

  #begin(line: Line): void {
    this.#running += 1;
    line.running += 1;
  }

  #turn(line: Line, ending: Ending | undefined): Promise<void> {
    const { waitingMax, waitingPerCallerMax, whenFull } = this.#options;
    if (this.#waiting >= waitingMax || line.waiting.size >= waitingPerCallerMax)
      throw new Problem("unavailable", whenFull);
    return new Promise((resolve, reject) => {
      const leave = (reason: Error) => {
        line.waiting.delete(begin);
        this.#waiting -= 1;
        reject(reason);
      };
      const begin = () => {
        ending?.offEnd(leave);
        this.#waiting -= 1;
        this.#begin(line);
        resolve();
      };
      this.#waiting += 1;
      line.waiting.add(begin);
      ending?.onEnd(leave);
    });
  }

  /** A place is free: the line that gets it goes to the end of them. */
  #next(): void {
    const next = this.#neediest();
    if (next === undefined) return;
    const [caller, line] = next;
    const [begin] = line.waiting;
    if (begin === undefined) return;
    line.waiting.delete(begin);
    this.#lines.delete(caller);
    this.#lines.set(caller, line);
    begin();
  }

  /** The first of the lines that have the fewest running, of those that wait and may run. */
  #neediest(): [string, Line] | undefined {
    let neediest: [string, Line] | undefined;
    for (const entry of this.#lines) {
      const [, line] = entry;
      if (line.waiting.size === 0 || !this.#mayRun(line)) continue;
      if (neediest === undefined || line.running < neediest[1].running) neediest = entry;
      if (line.running === 0) break;
    }
    return neediest;
  }

  #forgetIdle(caller: string, { running, waiting }: Line): void {
    if (running === 0 && waiting.size === 0) this.#lines.delete(caller);
  }
}
