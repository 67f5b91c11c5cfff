import { setTimeout as sleep } from "node:timers/promises";
import { fullJitterMs } from "@fx-ohlc/service-kit";
import { errorCode, SQL_STATE } from "./sql-state.js";

/** Overlapping refreshes fail at once; an operator's own take seconds at most, so this many tries with jitter are plenty. */
const TRIES_MAX = 40;
const BACKOFF = { baseMs: 20, maxMs: 250 };

/** What is done around each try. */
export interface AroundTries {
  /** May throw what ends all tries. */
  before?(): void;
  /** Undoes what a failed one left behind. */
  afterFailure?(): PromiseLike<unknown>;
}

/** Refreshes, again and again while somebody else refreshes the same. */
export async function onceFree<T>(work: () => PromiseLike<T>, { before, afterFailure }: AroundTries = {}): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    before?.();
    try {
      return await work();
    } catch (error) {
      if (errorCode(error) !== SQL_STATE.lockNotAvailable || attempt >= TRIES_MAX) throw error;
      await afterFailure?.();
      await sleep(fullJitterMs(attempt, BACKOFF));
    }
  }
}
