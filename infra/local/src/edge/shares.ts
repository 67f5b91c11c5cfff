import { Ending, FairTurns, Problem } from "@fx-ohlc/service-kit";

/**
 * Requests that a service is given at a time, each on a connection of its own: so many that some bodies which stall keep nobody
 * waiting, and no more than there is memory for.
 */
const RUNNING_MAX = 1024;
/** Whoever opens that many connections leaves the rest to others. */
const RUNNING_PER_CALLER_MAX = 768;
const WAITING_MAX = 4096;
const WAITING_PER_CALLER_MAX = 1024;

const GONE = new Problem("unavailable", "Whoever asked is gone.");

/** Bounds what one service is asked at a time. Callers take turns. */
export class Shares {
  readonly #turns = new FairTurns({
    runningMax: RUNNING_MAX,
    runningPerCallerMax: RUNNING_PER_CALLER_MAX,
    waitingMax: WAITING_MAX,
    waitingPerCallerMax: WAITING_PER_CALLER_MAX,
    whenFull: "Too many requests wait for this service at the moment.",
  });

  /**
   * Asks when it is the caller's turn, and keeps its place until the answer is over.
   *
   * @throws Problem 503 when too many wait already; whatever asking fails with
   */
  async run(caller: string, over: Promise<void>, ask: () => Promise<void>): Promise<void> {
    const ending = new Ending();
    void over.then(() => ending.end(GONE));
    // The proxy does not tell of each end.
    await this.#turns.run(caller, () => Promise.race([over, ask().then(() => over)]), ending);
  }
}
