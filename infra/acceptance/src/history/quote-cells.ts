import type { StateBar, StateQuotes } from "./bar-state.js";
import type { Question } from "./question.js";

type Cells = Readonly<Record<string, number | null>>;

const PRICES = ["open", "high", "low", "close"] as const;
/** The units of {@link StateQuotes} in one. */
const UNITS = 100_000;

/** Every name that an answer may have beside the prices. */
export const QUOTE_NAMES: readonly string[] = [
  ...(["bid", "ask"] as const).flatMap((side) => PRICES.map((price) => `${side}_${price}`)),
  ...["spread_avg", "spread_min", "spread_max", "quote_count"],
];

function mergeSides([open, high, low]: StateQuotes["bid"], next: StateQuotes["bid"]): StateQuotes["bid"] {
  return [open, Math.max(high, next[1]), Math.min(low, next[2]), next[3]];
}

/** The quotes of a bar that is made of two, one after the other. */
export function mergeQuotes(first: StateQuotes | null, next: StateQuotes | null): StateQuotes | null {
  if (first === null || next === null) return first ?? next;
  return {
    ...{ bid: mergeSides(first.bid, next.bid), ask: mergeSides(first.ask, next.ask) },
    ...{ min: Math.min(first.min, next.min), max: Math.max(first.max, next.max) },
    ...{ sum: first.sum + next.sum, count: first.count + next.count },
  };
}

/** What open, high, low and close are of in an answer. */
export function pricesOf([, open, high, low, close, , quotes]: StateBar, { price }: Question): (number | null)[] {
  if (price === "mid") return [open, high, low, close];
  return [...(quotes?.[price] ?? [null, null, null, null])];
}

/** What stands beside them: the sum of the spreads and their count are whole numbers, whose quotient is rounded once. */
export function cellsBeside(quotes: StateQuotes | null, { include }: Question): Cells {
  const side = (name: "bid" | "ask") => PRICES.map((price, i) => [`${name}_${price}`, quotes?.[name][i] ?? null]);
  const spread = () => [
    ["spread_avg", quotes === null ? null : quotes.sum / (quotes.count * UNITS)],
    ["spread_min", quotes === null ? null : quotes.min / UNITS],
    ["spread_max", quotes === null ? null : quotes.max / UNITS],
  ];
  const cells = include.flatMap((name) => (name === "spread" ? spread() : side(name)));
  return Object.fromEntries(include.length === 0 ? [] : [...cells, ["quote_count", quotes?.count ?? null]]);
}

/** What fills an empty bucket: the last price, or that of the last quote's side. */
export function closeOf([, , , , close, , quotes]: StateBar, { price }: Question): number | null {
  return price === "mid" ? close : (quotes?.[price][3] ?? null);
}
