import { US_PER_HOUR } from "@fx-ohlc/schemas";
import { NO_BARS } from "./bar-columns.js";
import { Bars, partOf } from "./bars.js";
import { ChunkCache } from "./chunk-cache.js";
import { FoldedRead } from "./folded-read.js";
import { History } from "./history.js";
import { Series } from "./series.js";
import { WholeSpanRead } from "./whole-span-read.js";

const boundary = { hour: 22, timezone: "UTC" };
const mark = { id: "1", closedTo: { minute: 1e15, hour: 1e15, day: 1e15 } };

/** A history that holds the bars of two hours of a day, of any prices. */
function historyOf(series: Series): History {
  const history = new History(new ChunkCache(1e6));
  const [fromUs, toUs] = [8 * US_PER_HOUR, 10 * US_PER_HOUR];
  const bars = new Bars([partOf({ ...NO_BARS, bucketUs: [fromUs] })]);
  keep(history, series, fromUs, toUs, bars);
  return history;
}

function keep(history: History, series: Series, fromUs: number, toUs: number, bars = Bars.NONE): void {
  const versions = new Map(series.versionsOf(series.spanAt(fromUs)).map(({ key }) => [key, "1"]));
  history.keep({ series, fromUs, toUs, bars, isUncut: false }, versions);
}

test.each([
  ["5m", 24],
  ["30m", 1],
] as const)("beside hours that are held, an hour of %s is read with the %i around it", (interval, hours) => {
  const series = new Series("EURUSD", interval, boundary, "minute", false, false);
  const wanted = { series, fromUs: 2 * US_PER_HOUR, toUs: 3 * US_PER_HOUR, rowsMax: 100 };
  const read = new WholeSpanRead(wanted, (some) => new FoldedRead(some, "first", boundary));
  const { piece } = read.plan({ history: historyOf(series), mark });
  expect(((piece?.toUs ?? 0) - (piece?.fromUs ?? 0)) / US_PER_HOUR).toBe(hours);
});

test("what is held gives way to what is as long, not to what is shorter", () => {
  const series = new Series("EURUSD", "30m", boundary, "minute", false, false);
  const history = historyOf(series);
  const heldFrom = () => history.chunkAt(series, 0)?.facts.fromUs;
  keep(history, series, 2 * US_PER_HOUR, 3 * US_PER_HOUR);
  expect(heldFrom()).toBe(8 * US_PER_HOUR);
  keep(history, series, 2 * US_PER_HOUR, 4 * US_PER_HOUR);
  expect(heldFrom()).toBe(2 * US_PER_HOUR);
});
