import fc from "fast-check";
import { quoteAround } from "./spread.js";

test("a simulated quote is around its price, never crossed, in whole tenths of a pip", () => {
  const symbol = fc.constantFrom("EURUSD", "USDJPY", "EURJPY", "ELSE");
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(symbol, fc.double({ min: 0.0001, max: 500, noNaN: true }), random, (name, price, drawn) => {
      const { bid, ask } = quoteAround(name, price, () => drawn);
      const decimals = name.endsWith("JPY") ? 3 : 5;
      expect([bid, ask].map((side) => Number(side.toFixed(decimals)))).toEqual([bid, ask]);
      const points = (ask - bid) * 10 ** decimals;
      expect(points).toBeGreaterThan(0.5);
      expect(points).toBeLessThan(27);
      expect(Math.abs((bid + ask) / 2 - price) * 10 ** decimals).toBeLessThan(1 + points);
    }),
  );
});
