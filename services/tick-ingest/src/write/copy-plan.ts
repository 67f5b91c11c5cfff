import type { NewTick, SymbolRange, Tick } from "@fx-ohlc/schemas";
import { NO_NEW_SYMBOLS } from "./new-symbols.js";
import { type Ground, type Outcome, placeTicks } from "./placement.js";
import { encodeTicks } from "./tick-copy.js";

/** What becomes of some requests if nothing is stored at their stamps and all their symbols are known. */
export interface CopyPlan {
  /** One for each request, in their order. */
  readonly outcomes: readonly Outcome[];
  /** Ordered by (symbol, time, seq). */
  readonly created: readonly Tick[];
  /** The same as COPY reads them. */
  readonly rows: Buffer;
  /** Of each request's first and last tick: where a request was sent before, there is something at one of them. */
  readonly stamps: readonly SymbolRange[];
}

/** What requests are placed among before anything was asked. */
const NOTHING_KNOWN: Ground = { stored: [], horizonUs: 0, newSymbols: NO_NEW_SYMBOLS };

/** Undefined when some request is refused, whatever is stored. */
export function planCopy(requests: readonly (readonly NewTick[])[]): CopyPlan | undefined {
  const { outcomes, created } = placeTicks(requests, NOTHING_KNOWN);
  if (!outcomes.every(({ ok }) => ok)) return undefined;
  return { outcomes, created, rows: encodeTicks(created), stamps: endStamps(requests) };
}

function endStamps(requests: readonly (readonly NewTick[])[]): SymbolRange[] {
  return requests.flatMap((ticks) =>
    [ticks[0], ticks.at(-1)].flatMap((tick) =>
      tick === undefined ? [] : [{ symbol: tick.symbol, fromUs: tick.timeUs, toUs: tick.timeUs + 1 }],
    ),
  );
}
