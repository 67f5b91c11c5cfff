import { setImmediate as nextTurn } from "node:timers/promises";

/**
 * Lets requests of all clients go one by one, a turn of the event loop each: one of 1,000 channels takes some 30 ms, and when those of
 * many clients come at once, live ticks go out between them.
 */
export class RequestTurns {
  #last: Promise<void> = Promise.resolve();

  /** Resolves when it is the caller's turn. */
  next(): Promise<void> {
    this.#last = this.#last.then(() => nextTurn());
    return this.#last;
  }
}
