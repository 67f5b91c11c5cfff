import fc from "fast-check";
import { checkDto, type DtoClass } from "./dto.js";
import { readPlainQuery } from "./plain-query.js";
import { SymbolsOrAllQuery, TickKeyQuery } from "./query-dto.js";
import { DayBarsQuery, IntervalBarsQuery, LatestQuery, TicksQuery } from "./read-query-dto.js";
import { UdfHistoryQuery, UdfSymbolQuery } from "./udf-query-dto.js";

const DTOS = [
  IntervalBarsQuery,
  DayBarsQuery,
  LatestQuery,
  TicksQuery,
  TickKeyQuery,
  SymbolsOrAllQuery,
  UdfHistoryQuery,
  UdfSymbolQuery,
];

/** What senders write, right and wrong. */
const VALUES = [
  ...["EURUSD", "eur/usd", "EUR%2FUSD", "EURUSD,GBPUSD", "EUR USD", "EUR+USD", "%zz", "%ff", "%", "", "x:BID"],
  ...["2024-03-05T10:00:00Z", "2024-03-05T10%3A00%3A00Z", "2024-03-05T10:00:00+02:00", "2024-03-05T10:00:00%2B02:00"],
  ...[
    "0",
    "1",
    "60",
    "10001",
    "all",
    "-1",
    "1e3",
    "ten",
    "minute",
    "1d",
    "D",
    "100t",
    "7d",
    "true",
    "false",
    "csv",
    "xml",
    "null",
    "previous",
    "UTC",
  ],
  ...[
    "mid",
    "bid",
    "ask",
    "spread",
    "bid,ask,spread",
    "spread, bid",
    "spread%2Cask",
    "bid,bid",
    "bid,",
    ",",
    "bid;ask",
  ],
  ...["true", "ms", "ns", "2024-03-05", "1733392800"],
  ...["America/New_York", "a=b", "undefined", "\u00e9"],
];
const NAMES = [
  ...new Set(DTOS.flatMap(({ fields }) => fields)),
  ...["__proto__", "constructor", "toString", "colour", "", "sym%62ol", "?symbol"],
];

/** What the long way makes of a query; undefined where that refuses it. */
function checked<T extends object>(dto: DtoClass<T>, text: string): T | undefined {
  const parameters = [...new URLSearchParams(text)];
  if (new Set(parameters.map(([name]) => name)).size < parameters.length) return undefined;
  const result = checkDto(dto, Object.fromEntries(parameters));
  return result.ok ? result.value : undefined;
}

test("a plain query has the values that the DTO's check gives, and what that refuses is never plain", () => {
  const part = fc.oneof(
    {
      weight: 20,
      arbitrary: fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom(...VALUES)).map((pair) => pair.join("=")),
    },
    { weight: 1, arbitrary: fc.constantFrom("", "symbol", "=", "&", "symbol=A=B") },
  );
  let plain = 0;
  fc.assert(
    fc.property(fc.constantFrom(...DTOS), fc.array(part, { maxLength: 5 }), (dto, parts) => {
      const text = parts.join("&");
      const read = readPlainQuery<object>(dto, text);
      if (read === undefined) return;
      plain += 1;
      expect(read).toStrictEqual(checked<object>(dto, text));
    }),
    { numRuns: 8000 },
  );
  expect(plain).toBeGreaterThan(100);
});

test.each([
  "symbol=EURUSD&start=2024-03-05T10:00:00Z&end=2024-03-05T11:00:00Z&interval=1h",
  "interval=minute&start=2024-03-05T10%3A00%3A00%2B02%3A00&symbol=eur%2Fusd&limit=all&format=csv",
  "symbol=A&interval=4h&count=5&day_start_hour=17&timezone=America/New_York&fill=null",
  "symbol=A&interval=1m&count=5&price=bid&include=spread,bid",
])("what is usually asked is plain: %s", (text) => {
  expect(readPlainQuery(IntervalBarsQuery, text)).toStrictEqual(checked(IntervalBarsQuery, text));
});

test.each([
  "symbol=A",
  "symbol=A&start=2024-03-05T10:00:00Z",
  "interval=1h&start=2024-03-05T10:00:00Z",
  "symbol=A&symbol=A&count=1&interval=1h",
])("where something is missing or given twice the check has the word: %s", (text) =>
  expect(readPlainQuery(IntervalBarsQuery, text)).toBeUndefined(),
);
