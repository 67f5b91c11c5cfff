import fc from "fast-check";
import { costProblems, midOf, spreadOf } from "./quote.js";
import { averageOf } from "./spread-sum.js";

/** Decimals after the point that every price from 1e-9 to 1e9 is reckoned with here: more than a double's shortest text has. */
const PLACES = 40;

/** A positive number as so many 1e-40; by its text, written without an exponent. */
function units(text: string): bigint {
  const [mantissa = "", exponent = "0"] = text.split("e");
  const point = mantissa.includes(".") ? mantissa.indexOf(".") : mantissa.length;
  const digits = mantissa.replace(".", "");
  const zeros = PLACES + Number(exponent) - (digits.length - point);
  if (zeros < 0) throw new Error(`${text} has more than ${PLACES} decimals`);
  return BigInt(digits + "0".repeat(zeros));
}

/** The decimal that so many halves of 1e-40 are, without zeros at its end. */
function decimalText(halves: bigint): string {
  const digits = (halves * 5n).toString().padStart(PLACES + 2, "0");
  return `${digits.slice(0, -PLACES - 1)}.${digits.slice(-PLACES - 1)}`.replace(/\.?0+$/, "");
}

const exactMid = (bid: number, ask: number) => decimalText(units(String(bid)) + units(String(ask)));

const anyPrice = fc.double({ min: 1e-9, max: 1e9, noNaN: true });
/** Up to twelve digits, with the point anywhere from 1e-9 to 1e9. */
const decimalPrice = fc
  .tuple(fc.integer({ min: 1, max: 999_999_999_999 }), fc.integer({ min: 3, max: 12 }))
  .map(([digits, places]) => Number(`${digits}e-${places}`))
  .filter((price) => price >= 1e-9);
const price = fc.oneof(anyPrice, decimalPrice);

test("the mid of two prices is the double that their middle is read as, from 1e-9 to 1e9", () => {
  fc.assert(
    fc.property(price, price, (bid, ask) => {
      expect(midOf(bid, ask)).toBe(Number(exactMid(bid, ask)));
    }),
    { numRuns: 20_000 },
  );
});

test("the mid of prices of a venue is written as their very middle, with one digit more than they have at most", () => {
  const sides = fc.tuple(fc.integer({ min: 1, max: 99_999_999 }), fc.integer({ min: -50, max: 50 }), fc.nat(9));
  fc.assert(
    fc.property(sides, ([points, spread, places]) => {
      const [bid, ask] = [`${points}e-${places}`, `${Math.max(1, points + spread)}e-${places}`].map(Number);
      if (bid === undefined || ask === undefined) throw new Error("two sides were made");
      const mid = exactMid(bid, ask);
      expect(units(String(midOf(bid, ask)))).toBe(units(mid));
      expect(mid.split(".")[1]?.length ?? 0).toBeLessThanOrEqual(places + 1);
    }),
    { numRuns: 5000 },
  );
});

test.each([
  [1.37615, 1.37619, 1.37617],
  [1.37615, 1.37618, 1.376165],
  [1.37618, 1.37615, 1.376165],
  [0.1, 0.2, 0.15],
  [1e-9, 2e-9, 1.5e-9],
  [1e9, 1e-9, 500_000_000],
  [1e308, 1.5e308, 1.25e308],
  [5e-324, 5e-324, 5e-324],
])("the mid of %d and %d is %d", (bid, ask, mid) => {
  expect(midOf(bid, ask)).toBe(mid);
});

test("the spread of two prices is the double that their difference is read as, from 1e-9 to 1e9", () => {
  fc.assert(
    fc.property(price, price, (bid, ask) => {
      const spread = units(String(ask)) - units(String(bid));
      expect(averageOf(spreadOf(bid, ask), 1)).toBe(Number(`${spread}e-${PLACES}`));
    }),
    { numRuns: 20_000 },
  );
});

test("a quote has both sides and no price beside them but their mid, and what is wrong is said of each field", () => {
  const fieldsOf = (cost: object) => costProblems(cost).map(({ field }) => field);
  expect(fieldsOf({ price: 1 })).toEqual([]);
  expect(fieldsOf({ bid: 2, ask: 1 })).toEqual([]);
  expect(fieldsOf({})).toEqual(["price"]);
  expect(costProblems({ bid: 1 })).toEqual([{ field: "ask", message: expect.stringContaining("missing beside bid") }]);
  expect(costProblems({ ask: 1 })).toEqual([{ field: "bid", message: expect.stringContaining("missing beside ask") }]);
  expect(fieldsOf({ price: 1.376165, bid: 1.37615, ask: 1.37618 })).toEqual([]);
  expect(costProblems({ price: 1.3761649, bid: 1.37615, ask: 1.37618 })).toEqual([
    { field: "price", message: "must be the mid of bid and ask, which is 1.376165, or be left out" },
  ]);
  expect(fieldsOf({ price: "1", bid: 0, ask: "1" })).toEqual(["price", "bid", "ask"]);
  expect(fieldsOf({ bid: null, ask: Number.POSITIVE_INFINITY })).toEqual(["bid", "ask"]);
});
