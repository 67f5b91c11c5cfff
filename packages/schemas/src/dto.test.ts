import { checkDto } from "./dto.js";
import { SymbolsOrAllQuery, TickKeyQuery } from "./query-dto.js";
import { DayBarsQuery, IntervalBarsQuery, LatestQuery } from "./read-query-dto.js";
import { UdfHistoryQuery } from "./udf-query-dto.js";

test("a checked query holds parsed values: instants, stored symbols, numbers and short intervals", () => {
  const range = { symbol: "eur/usd", start: "2024-03-05T10:00:00+02:00", limit: "5", timezone: "Asia/Tokyo" };
  expect(checkDto(IntervalBarsQuery, { ...range, interval: "hour" })).toEqual({
    ok: true,
    value: { ...range, interval: "1h", symbol: ["EURUSD"], start: Date.UTC(2024, 2, 5, 8) * 1000, limit: 5 },
  });
  const key = { symbol: "A", time: "1970-01-01T00:00:00.000001Z", seq: "7" };
  expect(checkDto(TickKeyQuery, key)).toEqual({ ok: true, value: { symbol: "A", time: 1, seq: 7 } });
  const history = { symbol: "A", resolution: "D", to: "-9", countback: "3" };
  expect(checkDto(UdfHistoryQuery, history)).toEqual({
    ok: true,
    value: { symbol: "A", resolution: "1d", to: -9, countback: 3 },
  });
});

test("a list names each symbol once, in the order given", () => {
  const checked = checkDto(LatestQuery, { symbol: "gbpusd,EUR/USD,GBPUSD" });
  expect(checked).toEqual({ ok: true, value: { symbol: ["GBPUSD", "EURUSD"] } });
});

test("a field that must be there and is not is called missing, then told in the words of its kind; one that need not be stays absent", () => {
  const absent = checkDto(LatestQuery, {});
  expect(absent).toMatchObject({
    ok: false,
    errors: [{ field: "symbol", message: expect.stringMatching(/^is required, and each must/) }],
  });
  expect(checkDto(SymbolsOrAllQuery, {})).toEqual({ ok: true, value: {} });
  expect(checkDto(DayBarsQuery, { symbol: "A" })).toMatchObject({ ok: false, errors: [{ field: "start" }] });
});

test("null and values of other types are refused, never taken for absent", () => {
  for (const symbol of [null, 7, {}, [], ["A"], ""]) {
    expect(checkDto(SymbolsOrAllQuery, { symbol })).toMatchObject({ ok: false, errors: [{ field: "symbol" }] });
    expect(checkDto(TickKeyQuery, { symbol, time: symbol, seq: symbol })).toMatchObject({
      ok: false,
      errors: [{ field: "symbol" }, { field: "time" }, { field: "seq" }],
    });
  }
});

test("what is no resolution is refused, also where it ends like one", () => {
  const history = { symbol: "A", from: "0", to: "9" };
  for (const resolution of ["", "0", "25", "2D", "d", "1m", "Infinity", null, undefined]) {
    const checked = checkDto(UdfHistoryQuery, { ...history, resolution });
    expect(checked).toMatchObject({ ok: false, errors: [{ field: "resolution" }] });
  }
});
