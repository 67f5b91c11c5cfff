import type { ServerResponse } from "node:http";
import { cutOff, Ending, FairTurns, Problem } from "@fx-ohlc/service-kit";
import { type Place, Places } from "./places.js";

/**
 * Requests that a service is given at a time, each on a connection of its own: so many that some bodies which stall keep nobody
 * waiting, and no more than there is memory for.
 */
const RUNNING_MAX = 1024;
/** Whoever opens that many connections leaves the rest to others. */
const RUNNING_PER_CALLER_MAX = 768;
const WAITING_MAX = 4096;
const WAITING_PER_CALLER_MAX = 1024;
/** So often it is looked whether somebody gives a place up to who waits. */
const LOOK_INTERVAL_MS = 250;

const GONE = new Problem("unavailable", "Whoever asked is gone.");

/** A request for a service. */
export interface Request {
  readonly caller: string;
  readonly res: ServerResponse;
  /** Resolves when its answer is over. */
  readonly over: Promise<void>;
}

/**
 * Bounds what one service is asked at a time. Callers take turns, and whoever has few gets a place from who has many:
 * see {@link Places}.
 */
export class Shares {
  readonly #places = new Places();
  readonly #turns: FairTurns;

  constructor(private readonly runningMax = RUNNING_MAX) {
    this.#turns = new FairTurns({
      runningMax,
      runningPerCallerMax: RUNNING_PER_CALLER_MAX,
      waitingMax: WAITING_MAX,
      waitingPerCallerMax: WAITING_PER_CALLER_MAX,
      whenFull: "Too many requests wait for this service at the moment.",
    });
  }

  /**
   * Asks when it is the caller's turn, and keeps its place until the answer is over.
   *
   * @throws Problem 503 when too many wait already; whatever asking fails with
   */
  async run({ caller, res, over }: Request, ask: () => Promise<void>): Promise<void> {
    const ending = new Ending();
    void over.then(() => ending.end(GONE));
    const looking = this.#look(caller);
    const task = async () => {
      clearInterval(looking);
      const place: Place = this.#places.take(caller, res);
      // The proxy does not tell of each end.
      await Promise.race([over, ask().then(() => over)]).finally(() => this.#places.leave(place));
    };
    await this.#turns.run(caller, task, ending).finally(() => clearInterval(looking));
  }

  /** Now and as long as the caller waits. */
  #look(caller: string): NodeJS.Timeout | undefined {
    if (this.#places.size < this.runningMax) return undefined;
    const look = () => {
      const yielding = this.#places.yieldTo(caller);
      if (yielding !== undefined) cutOff(yielding.res);
    };
    look();
    return setInterval(look, LOOK_INTERVAL_MS);
  }
}
