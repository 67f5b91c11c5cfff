import { isVisible, parseSnapshot } from "./snapshot.js";

describe("a transaction snapshot", () => {
  const snapshot = parseSnapshot("100:110:101,105,109");

  test("holds every transaction below xmin", () => {
    expect(isVisible(99n, snapshot)).toBe(true);
    expect(isVisible(3n, snapshot)).toBe(true);
  });

  test("holds those between xmin and xmax that were not in progress", () => {
    const seen = Array.from({ length: 12 }, (_, index) => BigInt(99 + index)).filter((xid) => isVisible(xid, snapshot));
    expect(seen).toEqual([99n, 100n, 102n, 103n, 104n, 106n, 107n, 108n]);
  });

  test("holds nothing from xmax on", () => {
    expect(isVisible(110n, snapshot)).toBe(false);
    expect(isVisible(111n, snapshot)).toBe(false);
  });

  test("may have nothing in progress", () => {
    const quiet = parseSnapshot("738:738:");
    expect([isVisible(737n, quiet), isVisible(738n, quiet)]).toEqual([true, false]);
  });

  test("compares ids beyond 2^53 exactly", () => {
    const huge = parseSnapshot("18014398509481985:18014398509481987:18014398509481986");
    expect(isVisible(18014398509481984n, huge)).toBe(true);
    expect(isVisible(18014398509481985n, huge)).toBe(true);
    expect(isVisible(18014398509481986n, huge)).toBe(false);
  });

  test.each(["", "1", "1:2", "1:2:3,", "a:b:", "1:2:3;4", "1:2:,3"])("is refused when it reads %j", (text) => {
    expect(() => parseSnapshot(text)).toThrow(TypeError);
  });
});
