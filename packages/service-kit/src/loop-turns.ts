import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";

/** What took longer is followed by a rest as long. */
const LONG_MS = 10;

/**
 * Lets pieces of work that take some 30 ms each go one by one, a turn of the event loop each: when many come at once, what is small goes
 * on between them. What took long is followed by as long a rest: half of the loop at least is for others.
 */
export class LoopTurns {
  #last: Promise<void> = Promise.resolve();

  /** Resolves when it is the caller's turn. */
  next(): Promise<void> {
    const turn = this.#last.then(() => nextTurn());
    this.#last = turn.then(rest);
    return turn;
  }
}

/** Begun when a turn begins, it sees how long what is done in it takes. */
async function rest(): Promise<void> {
  const startedMs = performance.now();
  await nextTurn();
  const tookMs = performance.now() - startedMs;
  if (tookMs > LONG_MS) await sleep(tookMs);
}
