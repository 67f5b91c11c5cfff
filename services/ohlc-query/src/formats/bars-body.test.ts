import { eachColumn } from "../bars/bar-columns.js";
import { type BarPart, Bars, partOf } from "../bars/bars.js";
import { Chunk } from "../bars/chunk.js";
import { Series } from "../bars/series.js";
import { formOf } from "./bar-form.js";
import type { RowsContext } from "./bar-rows.js";
import { BarsBody } from "./bars-body.js";

const MINUTE_US = 60_000_000;
const COUNT = 500;
const boundary = { hour: 22, timezone: "UTC" };
const series = new Series("EURUSD", "1m", boundary, "minute", true, false);
const context = { symbol: "EURUSD", runningUs: Number.POSITIVE_INFINITY, dayBoundary: undefined };

const cell = (name: string, i: number) => {
  if (name === "bucketUs") return i * MINUTE_US;
  return name === "tickCount" ? 1 + (i % 7) : (name === "open" ? 1 : 2) + ((i * 7919) % 1000) / 1000;
};
const columns = eachColumn((name) => Array.from({ length: COUNT }, (_, i) => cell(name, i)));

function chunkUpTo(count: number): Chunk {
  const facts = { series, span: series.spanAt(0), spans: [], versions: "", fromUs: 0, toUs: count * MINUTE_US };
  return Chunk.of(facts, [{ ...partOf(columns), to: count }]);
}

const tagOf = (parts: readonly BarPart[], of: RowsContext = context) =>
  new BarsBody(new Bars(parts), formOf("json"), of).tag;

test("the same bars have the same tag, whatever of them is in memory", () => {
  const read = partOf(columns);
  const tag = tagOf([read]);
  for (const held of [1, 250, COUNT]) {
    expect(tagOf([chunkUpTo(held).part(0, held), { ...read, from: held }])).toBe(tag);
  }
  const grown = chunkUpTo(300).extended([{ ...read, from: 300 }], COUNT * MINUTE_US);
  expect(tagOf([grown.part(0, COUNT)])).toBe(tag);
});

test("other bars, fewer of them, bars that run still and other symbols, days and formats have other tags", () => {
  const read = partOf(columns);
  const changed = (place: number, by: number) =>
    partOf({ ...columns, close: columns.close.map((price, i) => (i === place ? price + by : price)) });
  const swapped = partOf({ ...columns, open: columns.close, close: columns.open });
  const tags = [
    ...[tagOf([read]), tagOf([changed(7, 1e-5)]), tagOf([changed(8, 1e-5)]), tagOf([swapped])],
    ...[tagOf([{ ...read, from: 1 }]), tagOf([{ ...read, to: COUNT - 1 }]), tagOf([])],
    tagOf([read], { ...context, runningUs: (COUNT - 1) * MINUTE_US }),
    tagOf([read], { ...context, symbol: "GBPUSD" }),
    new BarsBody(new Bars([read]), formOf("csv"), context).tag,
    // The first and the last name the days of 1970 alike: Kwajalein went over the date line in 1993.
    ...[boundary, { hour: 20, timezone: "Pacific/Kwajalein" }, { hour: 22, timezone: "Pacific/Honolulu" }].map(
      (dayBoundary) => tagOf([read], { ...context, dayBoundary }),
    ),
  ];
  expect(new Set(tags).size).toBe(tags.length);
});

test("of bars in memory those have no text to be made that were asked for in that format, and run no more", () => {
  const chunk = chunkUpTo(300);
  const bars = [chunk.part(100, 200), { ...partOf(columns), from: 300, to: 310 }];
  const toMake = (of = context) => new BarsBody(new Bars(bars), formOf("json"), of).rowsToMake;
  expect(toMake()).toBe(300 + 10);
  chunk.rowsIn(formOf("csv"));
  expect(toMake()).toBe(300 + 10);
  chunk.rowsIn(formOf("json"));
  expect(toMake()).toBe(10);
  expect(toMake({ ...context, runningUs: 150 * MINUTE_US })).toBe(100 + 10);
});
