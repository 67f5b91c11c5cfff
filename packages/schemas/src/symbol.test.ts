import fc from "fast-check";
import { keepSpellings, normalizePrefix, normalizeSymbol } from "./symbol.js";

afterEach(() => keepSpellings([]));

test.each([
  ["EURUSD", "EURUSD"],
  ["eurusd", "EURUSD"],
  ["EUR/USD", "EURUSD"],
  ["EUR_USD", "EURUSD"],
  ["eur_usd", "EURUSD"],
  ["BTC/USDT", "BTCUSDT"],
  ["FX:EURUSD", "EURUSD"],
  ["C:EURUSD", "EURUSD"],
  ["FX:EUR/USD", "EURUSD"],
  ["BTC_USDT", "BTC_USDT"],
  ["FX:BTCUSDT", "FX:BTCUSDT"],
  ["EURUSD.BID", "EURUSD.BID"],
  ["BINANCE:BTCUSDT", "BINANCE:BTCUSDT"],
  ["a-b_c.1", "A-B_C.1"],
  ["EURUSD+", "EURUSD+"],
  ["XAUUSD#", "XAUUSD#"],
  ["S&P500@cme", "S&P500@CME"],
  ["BID", "BID"],
  ["A".repeat(32), "A".repeat(32)],
])("%s is stored as %s", (raw, symbol) => {
  expect(normalizeSymbol(raw)).toBe(symbol);
});

test.each([
  "",
  "/",
  "EUR/",
  "EUR/US/D",
  "EUR USD",
  "A".repeat(33),
  "straße",
  "ЕURUSD",
  "EURUSD\n",
  ".EURUSD",
  "#A",
  "EURUSD.",
  "EURUSD:",
  "EURUSD&",
  "EURUSD:BID",
  "EURUSD:ask",
  "EUR/USD:QUOTE",
  "A*",
  5,
  null,
  undefined,
])("%j is no symbol", (raw) => {
  expect(normalizeSymbol(raw)).toBeUndefined();
});

const spelling = fc.oneof(
  fc.string({ unit: fc.constantFrom(..."ABCabc019._-+#:@&/"), maxLength: 12 }),
  fc.constantFrom("C:A/BCDEF", "EUR/_USD", "FX:/EURUSD", "fx:eur_usd"),
);

test("a stored form is read as itself", () => {
  fc.assert(
    fc.property(spelling, (raw) => {
      const symbol = normalizeSymbol(raw);
      if (symbol !== undefined) expect(normalizeSymbol(symbol)).toBe(symbol);
    }),
    { numRuns: 20_000 },
  );
});

test("what the first version stored under another spelling is found by that spelling, and by no other", () => {
  keepSpellings(["EUR_USD", "OLD."]);
  expect(["eur_usd", "EUR/USD", "GBP_USD", "old.", "NEW."].map(normalizeSymbol)).toEqual([
    "EUR_USD",
    "EURUSD",
    "GBPUSD",
    "OLD.",
    undefined,
  ]);
});

test.each([
  ["eur", "EUR"],
  ["EUR/", "EUR"],
  ["BINANCE:", "BINANCE:"],
  ["", ""],
  [".", undefined],
  ["A B", undefined],
  ["A".repeat(33), undefined],
])("symbols that begin with %j begin with %j", (raw, prefix) => {
  expect(normalizePrefix(raw)).toBe(prefix);
});
