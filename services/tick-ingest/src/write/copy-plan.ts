import type { Tick } from "@fx-ohlc/schemas";
import { NO_NEW_SYMBOLS } from "./new-symbols.js";
import { type Ground, type Outcome, placeTicks } from "./placement.js";
import { endStamps, type StampRange } from "./stored-ticks.js";
import { type CopyRows, encodeTicks } from "./tick-copy.js";
import type { WriteRequest } from "./tick-writer.js";

/** What becomes of some requests if nothing is stored at their stamps and all their symbols are known. */
export interface CopyPlan {
  /** One for each request, in their order. */
  readonly outcomes: readonly Outcome[];
  /** Ordered by (symbol, time, seq). */
  readonly created: readonly Tick[];
  /** The same as COPY reads them. */
  readonly rows: CopyRows;
  /** Of each request's first and last tick: where a request was sent before, there is something at one of them. */
  readonly stamps: readonly StampRange[];
}

/** What requests are placed among before anything was asked. */
const NOTHING_KNOWN: Ground = { stored: [], horizonUs: 0, newSymbols: NO_NEW_SYMBOLS };

/** Undefined when some request is refused whatever is stored, or goes on with a run of which something is. */
export function planCopy(requests: readonly WriteRequest[]): CopyPlan | undefined {
  if (requests.some(({ earlier }) => earlier !== undefined)) return undefined;
  const tickLists = requests.map(({ ticks }) => ticks);
  const { outcomes, created } = placeTicks(tickLists, NOTHING_KNOWN);
  if (!outcomes.every(({ ok }) => ok)) return undefined;
  return { outcomes, created, rows: encodeTicks(created), stamps: endStamps(tickLists) };
}
