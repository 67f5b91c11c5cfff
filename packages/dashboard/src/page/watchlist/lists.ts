import type { Sorting } from "../table/sorting.js";

/** The list of every symbol, by the name that is kept of the shown one; no group can be called that. */
export const ALL = "";
/** The group that the star is for. It is always there. */
export const FAVOURITES = "Favourites";
export const GROUPS_MAX = 50;
export const GROUP_NAME_LENGTH_MAX = 24;

/** Symbols that somebody put together, in the order he gave them. */
export interface Group {
  readonly name: string;
  readonly symbols: readonly string[];
}

/** What somebody made of the watchlist. */
export interface Lists {
  /** Favourites first. */
  readonly groups: readonly Group[];
  /** Symbols of the list of all that were moved, in their order; the others follow by name. */
  readonly order: readonly string[];
  /** The name of the shown group. */
  readonly shown: string;
  readonly sorting: Sorting | undefined;
}

export const FIRST_LISTS: Lists = {
  groups: [{ name: FAVOURITES, symbols: [] }],
  order: [],
  shown: ALL,
  sorting: undefined,
};

export function groupOf(lists: Lists, name: string): Group | undefined {
  return lists.groups.find((group) => group.name === name);
}

/** The symbols of the shown list in its own order. @param all every symbol there is */
export function ownOrder({ order, shown, groups }: Lists, all: ReadonlySet<string>): readonly string[] {
  const group = groups.find(({ name }) => name === shown);
  if (group !== undefined) return group.symbols.filter((symbol) => all.has(symbol));
  const moved = order.filter((symbol) => all.has(symbol));
  const isMoved = new Set(moved);
  return [...moved, ...[...all].filter((symbol) => !isMoved.has(symbol)).sort()];
}

/** Puts a symbol into a group, or takes it out. */
export function toggled(lists: Lists, name: string, symbol: string): Lists {
  return withGroup(lists, name, (symbols) =>
    symbols.includes(symbol) ? symbols.filter((known) => known !== symbol) : [...symbols, symbol],
  );
}

/** Gives a symbol of the shown list another place in it. @param all every symbol there is */
export function moved(lists: Lists, all: ReadonlySet<string>, symbol: string, to: number): Lists {
  const before = ownOrder(lists, all);
  const rest = before.filter((known) => known !== symbol);
  if (rest.length === before.length) return lists;
  const at = Math.min(rest.length, Math.max(0, to));
  const after = rest.toSpliced(at, 0, symbol);
  return lists.shown === ALL ? { ...lists, order: after } : withGroup(lists, lists.shown, () => after);
}

/** Why a group cannot be called so; undefined when it can. */
export function nameProblem({ groups }: Lists, name: string): string | undefined {
  if (name.trim() === "") return "A group needs a name.";
  if (name.trim().length > GROUP_NAME_LENGTH_MAX) return `A name has up to ${GROUP_NAME_LENGTH_MAX} letters.`;
  if (groups.some((group) => group.name.toLowerCase() === name.trim().toLowerCase())) return "That name is taken.";
  return groups.length < GROUPS_MAX ? undefined : `There are up to ${GROUPS_MAX} groups.`;
}

export function added(lists: Lists, name: string): Lists {
  return { ...lists, groups: [...lists.groups, { name: name.trim(), symbols: [] }] };
}

export function renamed(lists: Lists, name: string, to: string): Lists {
  const groups = lists.groups.map((group) => (group.name === name ? { ...group, name: to.trim() } : group));
  return { ...lists, groups, shown: lists.shown === name ? to.trim() : lists.shown };
}

/** Favourites stay. */
export function removed(lists: Lists, name: string): Lists {
  if (name === FAVOURITES) return lists;
  const groups = lists.groups.filter((group) => group.name !== name);
  return { ...lists, groups, shown: lists.shown === name ? ALL : lists.shown };
}

function withGroup(lists: Lists, name: string, change: (symbols: readonly string[]) => readonly string[]): Lists {
  const groups = lists.groups.map((group) =>
    group.name === name ? { ...group, symbols: change(group.symbols) } : group,
  );
  return { ...lists, groups };
}
