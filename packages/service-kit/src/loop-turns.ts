import { setImmediate as nextTurn } from "node:timers/promises";

/**
 * Lets pieces of work that take some 30 ms each go one by one, a turn of the event loop each: when many come at once, what is small goes
 * on between them.
 */
export class LoopTurns {
  #last: Promise<void> = Promise.resolve();

  /** Resolves when it is the caller's turn. */
  next(): Promise<void> {
    this.#last = this.#last.then(() => nextTurn());
    return this.#last;
  }
}
