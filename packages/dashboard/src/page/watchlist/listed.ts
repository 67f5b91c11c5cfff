import { changeBase } from "../state/days.js";
import type { WatchRow, WatchRows } from "../state/watchlist.js";
import type { Head } from "../table/sort-heads.js";
import { type SortValue, sorted } from "../table/sorting.js";
import { type Lists, ownOrder } from "./lists.js";

/** The columns of the watchlist. */
export const WATCH_HEADS: readonly Head[] = [
  { name: "symbol", label: "Symbol" },
  { name: "trend", label: "Trend", title: "Trend of six hours", startsDescending: true },
  { name: "last", label: "Last", startsDescending: true },
  { name: "day", label: "Day", title: "Change of the day", startsDescending: true },
];

const SORT_KEYS: Readonly<Record<string, (row: WatchRow) => SortValue>> = {
  symbol: ({ symbol }) => symbol,
  trend: ({ spark, last }) => growth(spark?.[0], last),
  last: ({ last }) => last,
  day: ({ days, last }) => growth(changeBase(days)?.price, last),
};

function growth(from: number | undefined, to: number | undefined): number | undefined {
  return from === undefined || to === undefined ? undefined : to / from - 1;
}

/** The symbols of the shown list that hold the filter's letters, as they are listed. */
export function listed(rows: WatchRows, lists: Lists, filter: string): readonly string[] {
  const wanted = filter.trim().toUpperCase().replace("/", "");
  const own = ownOrder(lists, new Set(rows.keys())).filter((symbol) => symbol.includes(wanted));
  const sortKey = SORT_KEYS[lists.sorting?.column ?? ""];
  if (sortKey === undefined) return own;
  const keyOf = (symbol: string): SortValue => {
    const row = rows.get(symbol);
    return row === undefined ? undefined : sortKey(row);
  };
  return sorted(own, keyOf, lists.sorting?.isDescending ?? false);
}
