import type { IncomingMessage } from "node:http";
import {
  type BarsQuery,
  bucketStart,
  type DayBarsQuery,
  type Interval,
  type IntervalBarsQuery,
  type LatestQuery,
  parseInterval,
  ticksPerBar,
} from "@fx-ohlc/schemas";
import { invalid } from "@fx-ohlc/service-kit";
import { readLatestBars } from "../bars/latest-bars.js";
import { formOf } from "../formats/bar-form.js";
import { barRows, barTable } from "../formats/bar-table.js";
import { bodyMaker } from "../formats/table-body.js";
import type { Answer } from "./answer.js";
import { answerBars, type BarSources, namingBoundary } from "./bar-answer.js";
import { barRequest, requireBoundaryFits } from "./bar-request.js";
import { CONTENT_TYPES, formatOf } from "./media-type.js";
import { boundaryOf } from "./ranges.js";
import { answerLatestTickBars, answerTickBars } from "./tick-bar-answer.js";

/** Symbols of one `/ohlc/latest`: each costs some index probes. */
const SYMBOLS_MAX = 100;

/** `GET /ohlc/minute`, `/ohlc/hour`, `/ohlc/day` and `/ohlc/custom-day`. */
export function getBars(interval: Interval) {
  return (sources: BarSources, req: IncomingMessage, query: BarsQuery | DayBarsQuery): Promise<Answer> =>
    answerBars(sources, req, barRequest(req, query, interval, sources.reader));
}

/** `GET /ohlc`: bars of any interval. */
export async function getIntervalBars(
  sources: BarSources,
  req: IncomingMessage,
  query: IntervalBarsQuery,
): Promise<Answer> {
  const interval = parseInterval(query.interval);
  if (interval !== undefined) return answerBars(sources, req, barRequest(req, query, interval, sources.reader));
  return answerTickBars(sources, req, query, ticksPerBar(query.interval) ?? 0);
}

/** `GET /ohlc/latest`. */
export function getLatestBars(sources: BarSources, req: IncomingMessage, query: LatestQuery): Promise<Answer> {
  const { symbol: symbols, interval = "1m" } = query;
  if (symbols.length > SYMBOLS_MAX) {
    throw invalid([{ field: "symbol", message: `must name at most ${SYMBOLS_MAX} symbols` }]);
  }
  requireBoundaryFits(query, interval);
  const time = parseInterval(interval);
  if (time !== undefined) return answerLatestBars(sources, req, query, time);
  return answerLatestTickBars(sources, req, query, ticksPerBar(interval) ?? 0);
}

async function answerLatestBars(
  { reader, pages, caller }: BarSources,
  req: IncomingMessage,
  query: LatestQuery,
  interval: Interval,
): Promise<Answer> {
  const { symbol: symbols, complete = false } = query;
  const format = formatOf(req, query.format);
  const form = formOf(format, query.price, query.include);
  const boundary = boundaryOf(query, reader.dayBoundary);
  const { withQuotes } = form;
  const latest = await readLatestBars(reader, pages, { symbols, interval, boundary, withQuotes, complete });
  const bars = symbols.flatMap((wanted) => latest.bars.filter((bar) => bar.symbol === wanted));
  caller.quota?.spend("rows_per_second", bars.length);
  const table = barTable(barRows(bars), form, {
    symbol: (row) => bars[row]?.symbol ?? "",
    runningUs: bucketStart(latest.nowUs, interval, boundary),
    dayBoundary: namingBoundary(interval, boundary),
  });
  const body = await bodyMaker(table, format);
  return { body: body(), contentType: CONTENT_TYPES[format] };
}
