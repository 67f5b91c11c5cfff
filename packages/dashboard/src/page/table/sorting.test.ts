import { nextSorting, sorted } from "./sorting.js";

describe("sorting", () => {
  it("goes one way, the other way, and back to the order of its own", () => {
    const first = nextSorting(undefined, "last", true);
    expect(first).toEqual({ column: "last", isDescending: true });
    const second = nextSorting(first, "last", true);
    expect(second).toEqual({ column: "last", isDescending: false });
    expect(nextSorting(second, "last", true)).toBeUndefined();
    expect(nextSorting(first, "symbol", false)).toEqual({ column: "symbol", isDescending: false });
  });

  it("leaves rows of the same value as they were, and what is not known at the end", () => {
    const rows = [{ n: 1, id: "a" }, { id: "b" }, { n: 1, id: "c" }, { n: 2, id: "d" }];
    const ids = (isDescending: boolean) => sorted(rows, ({ n }) => n, isDescending).map(({ id }) => id);
    expect(ids(false)).toEqual(["a", "c", "d", "b"]);
    expect(ids(true)).toEqual(["d", "a", "c", "b"]);
  });
});
