import type { IncomingMessage } from "node:http";
import {
  type BarsQuery,
  bucketStart,
  type DayBarsQuery,
  type Interval,
  type IntervalBarsQuery,
  type LatestQuery,
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

/** Symbols of one `/ohlc/latest`: each costs some index probes. */
const SYMBOLS_MAX = 100;

/** `GET /ohlc/minute`, `/ohlc/hour`, `/ohlc/day` and `/ohlc/custom-day`. */
export function getBars(interval: Interval) {
  return (sources: BarSources, req: IncomingMessage, query: BarsQuery | DayBarsQuery): Promise<Answer> =>
    answerBars(sources, req, barRequest(req, query, interval, sources.reader));
}

/** `GET /ohlc`: bars of any interval. */
export function getIntervalBars(sources: BarSources, req: IncomingMessage, query: IntervalBarsQuery): Promise<Answer> {
  return answerBars(sources, req, barRequest(req, query, query.interval, sources.reader));
}

/** `GET /ohlc/latest`. */
export async function getLatestBars(
  { reader, pages, caller }: BarSources,
  req: IncomingMessage,
  query: LatestQuery,
): Promise<Answer> {
  const { symbol: symbols, interval = "1m" } = query;
  if (symbols.length > SYMBOLS_MAX) {
    throw invalid([{ field: "symbol", message: `must name at most ${SYMBOLS_MAX} symbols` }]);
  }
  requireBoundaryFits(query, interval);
  const format = formatOf(req, query.format);
  const form = formOf(format === "parquet" ? "csv" : format, query.price, query.include);
  const boundary = boundaryOf(query, reader.dayBoundary);
  const { withQuotes } = form;
  const latest = await readLatestBars(reader, pages, { symbols, interval, boundary, withQuotes });
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
