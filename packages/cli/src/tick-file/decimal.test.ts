import fc from "fast-check";
import { isPositiveDecimal, middle, pointsToDecimal } from "./decimal.js";

describe("middle", () => {
  it("is exact where binary floating point is not", () => {
    expect(middle("1.38817", "1.38884")).toBe("1.388505");
    expect((1.38817 + 1.38884) / 2).not.toBe(1.388505);
  });

  it("takes numbers with different decimals, without any, and below 1", () => {
    expect(middle("1.5", "1.25")).toBe("1.375");
    expect(middle("102", "103")).toBe("102.5");
    expect(middle("0.00001", "0.00002")).toBe("0.000015");
    expect(middle("1.1", "1.1")).toBe("1.10");
  });

  it("lies exactly between its ends, whatever their digits", () => {
    const price = fc.tuple(fc.bigInt({ min: 1n, max: 10n ** 20n }), fc.integer({ min: 0, max: 8 }));
    const text = ([units, decimals]: [bigint, number]) => {
      const digits = units.toString().padStart(decimals + 1, "0");
      return decimals === 0 ? digits : `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
    };
    const inUnits = (decimal: string) => {
      const [whole = "", fraction = ""] = decimal.split(".");
      return BigInt(whole + fraction.padEnd(9, "0"));
    };
    fc.assert(
      fc.property(price, price, (a, b) => {
        expect(2n * inUnits(middle(text(a), text(b)))).toBe(inUnits(text(a)) + inUnits(text(b)));
      }),
    );
  });
});

describe("isPositiveDecimal", () => {
  it.each(["1.38817", "0.00001", "102", "007.5"])("takes %s", (text) => expect(isPositiveDecimal(text)).toBe(true));

  it.each(["", "0", "0.000", "-1", "+1", "1,5", "1.", ".5", "1e5", "NaN", "Infinity", "0x10", " 1", "1".repeat(400)])(
    "refuses %j",
    (text) => expect(isPositiveDecimal(text)).toBe(false),
  );
});

describe("pointsToDecimal", () => {
  it.each([
    [113_456, 5, "1.13456"],
    [100_000, 5, "1"],
    [113_450, 5, "1.1345"],
    [7, 5, "0.00007"],
    [4_294_967_295, 5, "42949.67295"],
    [151_234, 3, "151.234"],
    [120, 0, "120"],
  ])("writes %i points of %i decimals as %s", (points, decimals, text) => {
    expect(pointsToDecimal(points, decimals)).toBe(text);
  });
});
