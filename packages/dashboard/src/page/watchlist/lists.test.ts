import { reduceWatch } from "../state/watchlist.js";
import { listsOf } from "./kept-lists.js";
import { listed } from "./listed.js";
import {
  ALL,
  added,
  FAVOURITES,
  FIRST_LISTS,
  moved,
  nameProblem,
  ownOrder,
  removed,
  renamed,
  toggled,
} from "./lists.js";

const ALL_SYMBOLS = new Set(["USDJPY", "EURUSD", "EURJPY"]);
const rows = reduceWatch(new Map(), [
  ...[...ALL_SYMBOLS].map((symbol) => ({ type: "symbol" as const, symbol })),
  { type: "tick", symbol: "EURUSD", price: 1.1, atMs: 0 },
  { type: "tick", symbol: "USDJPY", price: 150, atMs: 0 },
]);

describe("the lists of the watchlist", () => {
  it("list every symbol by name, those that were moved before the others", () => {
    expect(ownOrder(FIRST_LISTS, ALL_SYMBOLS)).toEqual(["EURJPY", "EURUSD", "USDJPY"]);
    const lists = moved(FIRST_LISTS, ALL_SYMBOLS, "USDJPY", 0);
    expect(ownOrder(lists, ALL_SYMBOLS)).toEqual(["USDJPY", "EURJPY", "EURUSD"]);
    expect(ownOrder(lists, new Set([...ALL_SYMBOLS, "AUDUSD"]))).toEqual(["USDJPY", "EURJPY", "EURUSD", "AUDUSD"]);
    expect(ownOrder(moved(lists, ALL_SYMBOLS, "USDJPY", 99), ALL_SYMBOLS).at(-1)).toBe("USDJPY");
  });

  it("show a group in the order its symbols came, or were moved to", () => {
    const group = toggled(toggled(added(FIRST_LISTS, " Yen "), "Yen", "USDJPY"), "Yen", "EURJPY");
    const shown = { ...group, shown: "Yen" };
    expect(ownOrder(shown, ALL_SYMBOLS)).toEqual(["USDJPY", "EURJPY"]);
    expect(ownOrder(moved(shown, ALL_SYMBOLS, "EURJPY", 0), ALL_SYMBOLS)).toEqual(["EURJPY", "USDJPY"]);
    expect(ownOrder(toggled(shown, "Yen", "USDJPY"), ALL_SYMBOLS)).toEqual(["EURJPY"]);
    expect(renamed(shown, "Yen", "JPY").shown).toBe("JPY");
    expect(removed(shown, "Yen")).toEqual(FIRST_LISTS);
  });

  it("keep the favourites, and take no name twice", () => {
    expect(removed(FIRST_LISTS, FAVOURITES)).toBe(FIRST_LISTS);
    expect(nameProblem(FIRST_LISTS, "favourites")).toBe("That name is taken.");
    expect(nameProblem(FIRST_LISTS, " ")).toBe("A group needs a name.");
    expect(nameProblem(FIRST_LISTS, "Yen")).toBeUndefined();
  });

  it("are read again as they were kept, and from anything else as far as it makes sense", () => {
    const lists = { ...toggled(added(FIRST_LISTS, "Yen"), "Yen", "USDJPY"), shown: "Yen" };
    expect(listsOf(JSON.parse(JSON.stringify(lists)))).toEqual(lists);
    for (const raw of [null, 1, "x", [], { groups: 7, order: [1], shown: "gone", sorting: "up" }]) {
      expect(listsOf(raw)).toEqual(FIRST_LISTS);
    }
  });
});

describe("listed", () => {
  it("finds symbols by letters in any case", () => {
    expect(listed(rows, FIRST_LISTS, "jpy")).toEqual(["EURJPY", "USDJPY"]);
    expect(listed(rows, FIRST_LISTS, " eur/u ")).toEqual(["EURUSD"]);
  });

  it("sorts by a column, what is not known last either way", () => {
    const by = (isDescending: boolean) => ({ ...FIRST_LISTS, shown: ALL, sorting: { column: "last", isDescending } });
    expect(listed(rows, by(true), "")).toEqual(["USDJPY", "EURUSD", "EURJPY"]);
    expect(listed(rows, by(false), "")).toEqual(["EURUSD", "USDJPY", "EURJPY"]);
  });
});
