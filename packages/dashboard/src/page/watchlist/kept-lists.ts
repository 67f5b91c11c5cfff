import { ALL, FAVOURITES, FIRST_LISTS, GROUPS_MAX, type Group, type Lists } from "./lists.js";

const KEY = "fx-ohlc.watchlist";

/** What this browser keeps of the watchlist; what cannot be read is as if it were not there. */
export function keptLists(): Lists {
  try {
    return listsOf(JSON.parse(localStorage.getItem(KEY) ?? "null"));
  } catch {
    // Storage can be forbidden, and anybody can write into it.
    return FIRST_LISTS;
  }
}

export function keepLists(lists: Lists): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(lists));
  } catch {
    // The lists then last as long as the page.
  }
}

/** Lists of anything that was read. */
export function listsOf(raw: unknown): Lists {
  if (typeof raw !== "object" || raw === null) return FIRST_LISTS;
  const { groups, order, shown, sorting } = raw as Record<string, unknown>; // Each is looked at below.
  const named = (Array.isArray(groups) ? groups : []).flatMap(groupOf).slice(0, GROUPS_MAX);
  const favourites = named.find(({ name }) => name === FAVOURITES) ?? { name: FAVOURITES, symbols: [] };
  const others = new Map(named.filter(({ name }) => name !== FAVOURITES).map((group) => [group.name, group]));
  const all = [favourites, ...others.values()];
  const isShown = all.some(({ name }) => name === shown);
  return {
    groups: all,
    order: textsOf(order),
    shown: isShown ? String(shown) : ALL,
    sorting: sortingOf(sorting),
  };
}

function groupOf(raw: unknown): Group[] {
  if (typeof raw !== "object" || raw === null) return [];
  const { name, symbols } = raw as Record<string, unknown>; // Each is looked at here.
  return typeof name === "string" && name !== ALL ? [{ name, symbols: textsOf(symbols) }] : [];
}

function textsOf(raw: unknown): readonly string[] {
  return Array.isArray(raw) ? [...new Set(raw.filter((one): one is string => typeof one === "string"))] : [];
}

function sortingOf(raw: unknown): Lists["sorting"] {
  if (typeof raw !== "object" || raw === null) return undefined;
  const { column, isDescending } = raw as Record<string, unknown>; // Each is looked at here.
  return typeof column === "string" ? { column, isDescending: isDescending === true } : undefined;
}
