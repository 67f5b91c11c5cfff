import type { IncomingMessage } from "node:http";
import {
  BarsQuery,
  barJson,
  bucketStart,
  DayBarsQuery,
  type DayBoundary,
  formatBucket,
  formatTime,
  fxDayName,
  type Interval,
  LatestQuery,
  nowUs,
  parseInterval,
} from "@fx-ohlc/schemas";
import { invalid, readQuery } from "@fx-ohlc/service-kit";
import type { BarPages, BarRange } from "../bars/bar-page.js";
import { barsJson } from "../bars/bars-json.js";
import { readLatestBars } from "../bars/latest-bars.js";
import type { QueryMetrics } from "../metrics.js";
import type { Reader } from "../reader.js";
import type { Answer } from "./answer.js";
import { nextLink } from "./next-link.js";
import { boundaryOf, rangeOf, symbolsOf } from "./ranges.js";

/** What the bar routes work with. */
export interface BarDependencies {
  readonly reader: Reader;
  readonly pages: BarPages;
  readonly metrics: QueryMetrics;
}

/** Symbols of one `/ohlc/latest`: each costs some index probes. */
const SYMBOLS_MAX = 100;

/** The boundary whose days give bars of a day or more their names. */
function namingBoundary(interval: Interval, boundary: DayBoundary): DayBoundary | undefined {
  return interval === "1d" || interval === "1w" || interval === "1M" ? boundary : undefined;
}

async function answerPage({ pages, metrics }: BarDependencies, req: IncomingMessage, range: BarRange): Promise<Answer> {
  const { interval, boundary, symbol, fromUs, toUs } = range;
  if (fromUs >= toUs) return { body: "[]" };
  // Before the read: a bar that completes meanwhile is still called running, never the other way round.
  const runningUs = bucketStart(nowUs(), interval, boundary);
  const startedMs = performance.now();
  const { bars, nextUs } = await pages.read(range);
  metrics.observe(interval, (performance.now() - startedMs) / 1000, bars.bucketUs.length);
  const body = barsJson(bars, { symbol, runningUs, dayBoundary: namingBoundary(interval, boundary) });
  if (nextUs === undefined) return { body };
  return { body, link: nextLink(req, { start: formatBucket(nextUs), end: formatTime(toUs) }) };
}

/** `GET /ohlc/minute` and `/ohlc/hour`: bars that no day boundary touches. */
export function getBars(dependencies: BarDependencies, interval: "1m" | "1h") {
  return (req: IncomingMessage): Promise<Answer> => {
    const query = readQuery(BarsQuery, req.url ?? "");
    const boundary = dependencies.reader.dayBoundary;
    return answerPage(dependencies, req, { ...rangeOf(query, nowUs()), interval, boundary });
  };
}

/** `GET /ohlc/day` and `/ohlc/custom-day`. */
export function getDayBars(dependencies: BarDependencies) {
  return (req: IncomingMessage): Promise<Answer> => {
    const query = readQuery(DayBarsQuery, req.url ?? "");
    const boundary = boundaryOf(query, dependencies.reader.dayBoundary);
    return answerPage(dependencies, req, { ...rangeOf(query, nowUs()), interval: "1d", boundary });
  };
}

/** `GET /ohlc/latest`. */
export function getLatestBars({ reader, pages }: BarDependencies) {
  return async (req: IncomingMessage): Promise<Answer> => {
    const { symbol, interval: name = "minute" } = readQuery(LatestQuery, req.url ?? "");
    const symbols = symbolsOf(symbol);
    if (symbols.length > SYMBOLS_MAX) {
      throw invalid([{ field: "symbol", message: `must name at most ${SYMBOLS_MAX} symbols` }]);
    }
    const interval = parseInterval(name) ?? "1m";
    const boundary = reader.dayBoundary;
    const latest = await readLatestBars(reader, pages, symbols, interval);
    const runningUs = bucketStart(latest.nowUs, interval, boundary);
    const naming = namingBoundary(interval, boundary);
    const ordered = symbols.flatMap((wanted) => latest.bars.filter((bar) => bar.symbol === wanted));
    const bars = ordered.map((bar) => ({
      ...barJson(bar, bar.bucketUs < runningUs),
      ...(naming === undefined ? {} : { date: fxDayName(bar.bucketUs, naming) }),
    }));
    return { body: JSON.stringify(bars) };
  };
}
