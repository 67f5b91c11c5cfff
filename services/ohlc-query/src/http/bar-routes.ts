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
import { readLatestBars } from "../bars/latest-bars.js";
import { formOf } from "../formats/bar-form.js";
import { barRows, barTable } from "../formats/bar-table.js";
import { bodyMaker, isFileFormat } from "../formats/table-body.js";
import type { Answer } from "./answer.js";
import { answerBars, type BarSources } from "./bar-answer.js";
import { namingBoundary } from "./bar-pages.js";
import { barRequest, requireBoundaryFits } from "./bar-request.js";
import { CONTENT_TYPES } from "./media-type.js";
import { outputOf } from "./output.js";
import { boundaryOf } from "./ranges.js";
import { requireFew } from "./symbol-list.js";
import { answerLatestTickBars, answerTickBars } from "./tick-bar-answer.js";

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
  requireFew(symbols);
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
  const output = outputOf(req, query);
  const { format } = output;
  const form = formOf(isFileFormat(format) ? "csv" : format, query.price, query.include);
  const boundary = boundaryOf(query, reader.dayBoundary);
  const { withQuotes } = form;
  const latest = await readLatestBars(reader, pages, { symbols, interval, boundary, withQuotes, complete });
  const bars = symbols.flatMap((wanted) => latest.bars.filter((bar) => bar.symbol === wanted));
  caller.quota?.spend("rows_per_second", bars.length);
  const table = barTable(barRows(bars), form, {
    symbol: (row) => bars[row]?.symbol ?? "",
    symbols,
    runningUs: bucketStart(latest.nowUs, interval, boundary),
    dayBoundary: namingBoundary(interval, boundary),
  });
  const body = await bodyMaker([table], output);
  return { body: body(), contentType: CONTENT_TYPES[format] };
}
