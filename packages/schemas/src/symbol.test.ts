import { normalizeSymbol } from "./symbol.js";

test.each([
  ["EURUSD", "EURUSD"],
  ["eurusd", "EURUSD"],
  ["EUR/USD", "EURUSD"],
  ["EURUSD.BID", "EURUSD.BID"],
  ["a-b_c.1", "A-B_C.1"],
])("%s is stored as %s", (raw, symbol) => {
  expect(normalizeSymbol(raw)).toBe(symbol);
});

test.each(["", "/", "EUR/", "EUR/US/D", "EUR USD", "ABCDEFGHIJK", "straße", "ЕURUSD", "EURUSD\n", 5, null, undefined])(
  "%j is no symbol",
  (raw) => {
    expect(normalizeSymbol(raw)).toBeUndefined();
  },
);
