import fc from "fast-check";
import { addSums, averageOf, parseSum, type SpreadSum } from "./spread-sum.js";

/** A decimal by its digits and how many of them follow the point. */
interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

const ZERO: SpreadSum = { high: 0, low: 0, scale: 0 };

function textOf({ digits, scale }: Decimal): string {
  const text = String(digits < 0n ? -digits : digits).padStart(scale + 1, "0");
  const point = text.length - scale;
  return `${digits < 0n ? "-" : ""}${text.slice(0, point)}${scale > 0 ? "." : ""}${text.slice(point)}`;
}

/** The average with sixty digits, which the engine reads as the nearest double. */
function expected(decimals: readonly Decimal[]): number {
  const scale = Math.max(...decimals.map((decimal) => decimal.scale));
  const sum = decimals.reduce((all, { digits, scale: own }) => all + digits * 10n ** BigInt(scale - own), 0n);
  return Number(`${(sum * 10n ** 60n) / BigInt(decimals.length)}e-${60 + scale}`);
}

const usual = fc.record({ digits: fc.bigInt(-1000n, 100_000n), scale: fc.constant(6) });
const any = fc.record({ digits: fc.bigInt(-(10n ** 12n), 10n ** 12n), scale: fc.integer({ min: 0, max: 18 }) });

test("an average is the double nearest to the exact one, of usual spreads and of any", () => {
  const decimals = fc.oneof(
    fc.array(usual, { minLength: 1 }),
    fc.array(fc.oneof(usual, any), { minLength: 1, maxLength: 50 }),
  );
  fc.assert(
    fc.property(decimals, (some) => {
      const sum = some.map((decimal) => parseSum(textOf(decimal))).reduce(addSums, ZERO);
      expect(averageOf(sum, some.length)).toBe(expected(some));
    }),
    { numRuns: 2000 },
  );
});

test("a sum does not depend on the order of its parts", () => {
  fc.assert(
    fc.property(fc.array(any, { minLength: 1 }), (some) => {
      const sums = some.map((decimal) => parseSum(textOf(decimal)));
      const count = some.length;
      const forth = averageOf(sums.reduce(addSums, ZERO), count);
      expect(averageOf([...sums].reverse().reduce(addSums, ZERO), count)).toBe(forth);
    }),
  );
});

test.each([
  ["0.000040", 1, 0.00004],
  ["0.000100", 3, 0.000033333333333333335],
  ["-0.000020", 2, -0.00001],
  ["12", 8, 1.5],
  ["0", 5, 0],
])("%s of %i", (text, count, average) => {
  expect(averageOf(parseSum(text), count)).toBe(average);
});
