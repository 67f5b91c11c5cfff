import { RandomWalk } from "./random-walk.js";

/** A seeded generator of uniform numbers (mulberry32), so that a test sees the same walk every time. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe("RandomWalk", () => {
  it.each([
    ["EURUSD", 1.1, 5],
    ["USDJPY", 150, 3],
  ] as const)("rounds the prices of %s to a tenth of a pip", (symbol, price, decimals) => {
    const walk = new RandomWalk(symbol, price, 1, seeded(1));
    for (let step = 0; step < 1000; step += 1) {
      const next = walk.next();
      expect(next).toBe(Number(next.toFixed(decimals)));
    }
  });

  it("moves by about 8 % of the price in a trading year, at any rate", () => {
    for (const rate of [1, 100]) {
      const walk = new RandomWalk("EURUSD", 1.1, rate, seeded(7));
      const steps = 20_000;
      const prices = Array.from({ length: steps }, () => walk.next());
      const squares = prices.slice(1).map((price, index) => Math.log(price / (prices[index] ?? price)) ** 2);
      const perSecond = (squares.reduce((sum, square) => sum + square, 0) / steps) * rate;
      const perYear = Math.sqrt(perSecond * 252 * 86_400);
      expect(perYear).toBeGreaterThan(0.07);
      // Rounding to a tenth of a pip adds noise of its own, most where the steps are smallest.
      expect(perYear).toBeLessThan(rate === 1 ? 0.09 : 0.25);
    }
  });

  it("never reaches 0", () => {
    const walk = new RandomWalk("EURUSD", 0.00001, 0.0001, seeded(3));
    for (let step = 0; step < 10_000; step += 1) expect(walk.next()).toBeGreaterThan(0);
  });
});
