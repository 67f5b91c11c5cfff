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
  IntervalBarsQuery,
  LatestQuery,
  nowUs,
  parseInterval,
} from "@fx-ohlc/schemas";
import { invalid, readQuery } from "@fx-ohlc/service-kit";
import type { BarColumns } from "../bars/bar-columns.js";
import type { BarPages } from "../bars/bar-page.js";
import { barsJson } from "../bars/bars-json.js";
import { readLatestBars } from "../bars/latest-bars.js";
import type { QueryMetrics } from "../metrics.js";
import type { Reader } from "../reader.js";
import type { Answer } from "./answer.js";
import { type BarRequest, barRequest, requireBoundaryFits } from "./bar-request.js";
import { pageLink } from "./page-link.js";
import { boundaryOf, symbolsOf } from "./ranges.js";

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

/** Bars, and the `Link` to those after or before them. */
interface Page {
  readonly bars: BarColumns;
  readonly link: string | undefined;
}

async function readPage(pages: BarPages, req: IncomingMessage, { range, fromEnd }: BarRequest): Promise<Page> {
  if (fromEnd) {
    const { bars, hasEarlier } = await pages.last(range);
    const end = formatBucket(bars.bucketUs[0] ?? 0);
    return { bars, link: hasEarlier ? pageLink(req, "prev", { end }) : undefined };
  }
  const { bars, nextUs } = await pages.first(range);
  if (nextUs === undefined) return { bars, link: undefined };
  return { bars, link: pageLink(req, "next", { start: formatBucket(nextUs), end: formatTime(range.toUs) }) };
}

async function answerPage(
  { pages, metrics }: BarDependencies,
  req: IncomingMessage,
  request: BarRequest,
): Promise<Answer> {
  const { interval, boundary, symbol, fromUs, toUs } = request.range;
  if (fromUs >= toUs) return { body: "[]" };
  // Before the read: a bar that completes meanwhile is still called running, never the other way round.
  const runningUs = bucketStart(nowUs(), interval, boundary);
  const startedMs = performance.now();
  const { bars, link } = await readPage(pages, req, request);
  metrics.observe(interval, (performance.now() - startedMs) / 1000, bars.bucketUs.length);
  return { body: barsJson(bars, { symbol, runningUs, dayBoundary: namingBoundary(interval, boundary) }), link };
}

/** `GET /ohlc/minute` and `/ohlc/hour`: bars that no day boundary touches. */
export function getBars(dependencies: BarDependencies, interval: "1m" | "1h") {
  return (req: IncomingMessage): Promise<Answer> => {
    const query = readQuery(BarsQuery, req.url ?? "");
    return answerPage(dependencies, req, barRequest(query, interval, dependencies.reader, nowUs()));
  };
}

/** `GET /ohlc/day` and `/ohlc/custom-day`. */
export function getDayBars(dependencies: BarDependencies) {
  return (req: IncomingMessage): Promise<Answer> => {
    const query = readQuery(DayBarsQuery, req.url ?? "");
    return answerPage(dependencies, req, barRequest(query, "1d", dependencies.reader, nowUs()));
  };
}

/** `GET /ohlc`: bars of any interval. */
export function getIntervalBars(dependencies: BarDependencies) {
  return (req: IncomingMessage): Promise<Answer> => {
    const query = readQuery(IntervalBarsQuery, req.url ?? "");
    const interval = parseInterval(query.interval) ?? "1m";
    return answerPage(dependencies, req, barRequest(query, interval, dependencies.reader, nowUs()));
  };
}

/** `GET /ohlc/latest`. */
export function getLatestBars({ reader, pages }: BarDependencies) {
  return async (req: IncomingMessage): Promise<Answer> => {
    const query = readQuery(LatestQuery, req.url ?? "");
    const symbols = symbolsOf(query.symbol);
    if (symbols.length > SYMBOLS_MAX) {
      throw invalid([{ field: "symbol", message: `must name at most ${SYMBOLS_MAX} symbols` }]);
    }
    const interval = parseInterval(query.interval ?? "minute") ?? "1m";
    requireBoundaryFits(query, interval);
    const boundary = boundaryOf(query, reader.dayBoundary);
    const latest = await readLatestBars(reader, pages, { symbols, interval, boundary });
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
