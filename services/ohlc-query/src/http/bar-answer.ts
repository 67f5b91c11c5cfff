import type { IncomingMessage } from "node:http";
import { bucketStart, type DayBoundary, formatBucket, formatTime, type Interval, isOfDays } from "@fx-ohlc/schemas";
import { type Caller, pageLink } from "@fx-ohlc/service-kit";
import { NO_BARS } from "../bars/bar-columns.js";
import type { BarPage, BarPages, BarRange, LastBars } from "../bars/bar-page.js";
import { barsJson } from "../bars/bars-json.js";
import { FilledPages } from "../bars/filled-bars.js";
import { type BarRows, barTable, ccxtTable } from "../formats/bar-table.js";
import type { Table } from "../formats/table.js";
import { tablePieces, tableText } from "../formats/table-text.js";
import type { MarketSessions } from "../market-sessions.js";
import type { QueryMetrics } from "../metrics.js";
import type { Reader } from "../reader.js";
import type { Answer } from "./answer.js";
import type { BarRequest } from "./bar-request.js";
import { CONTENT_TYPES } from "./media-type.js";

/** What one request is answered from. */
export interface BarSources {
  readonly reader: Reader;
  readonly pages: BarPages;
  readonly sessions: MarketSessions;
  readonly metrics: QueryMetrics;
  readonly caller: Caller;
}

/** Pages of bars, with the empty buckets filled or without them. */
interface Pages {
  first(range: BarRange): Promise<BarPage<BarRows>>;
  last(range: BarRange): Promise<LastBars<BarRows>>;
}

/** Bars, and the `Link` to those after or before them. */
interface Page {
  readonly bars: BarRows;
  readonly link?: string | undefined;
}

/** The boundary whose days give bars of a day or more their names. */
export function namingBoundary(interval: Interval, boundary: DayBoundary): DayBoundary | undefined {
  return isOfDays(interval) ? boundary : undefined;
}

function pagesFor({ reader, pages, sessions }: BarSources, { range, fill }: BarRequest): Pages {
  if (fill === "none") return pages;
  return new FilledPages(pages, { fill, session: sessions.of(range.symbol), nowUs: reader.nowUs() });
}

async function readPage(pages: Pages, req: IncomingMessage, { range, take }: BarRequest): Promise<Page> {
  if (range.fromUs >= range.toUs) return { bars: NO_BARS };
  if (take === "last") {
    const { bars, prevUs } = await pages.last(range);
    return { bars, link: prevUs === undefined ? undefined : pageLink(req, "prev", { end: formatBucket(prevUs) }) };
  }
  const { bars, nextUs } = await pages.first(range);
  if (nextUs === undefined) return { bars };
  return { bars, link: pageLink(req, "next", { start: formatBucket(nextUs), end: formatTime(range.toUs) }) };
}

function tableOf({ range, format }: BarRequest, bars: BarRows, runningUs: number): Table {
  if (format === "ccxt") return ccxtTable(bars);
  const { symbol, interval, boundary } = range;
  return barTable(bars, { symbol: () => symbol, runningUs, dayBoundary: namingBoundary(interval, boundary) });
}

function noteRows({ metrics, caller }: BarSources, interval: Interval, startedMs: number, rows: number): void {
  metrics.observe(interval, (performance.now() - startedMs) / 1000, rows);
  caller.quota?.spend("rows_per_second", rows);
}

/** Every page of a range, one after the other. */
async function* allTables(sources: BarSources, request: BarRequest): AsyncGenerator<Table> {
  const pages = pagesFor(sources, request);
  const { interval, boundary, toUs } = request.range;
  let bars: BarRows = NO_BARS;
  let nextUs: number | undefined = request.range.fromUs;
  do {
    const runningUs = bucketStart(sources.reader.nowUs(), interval, boundary);
    const startedMs = performance.now();
    ({ bars, nextUs } =
      nextUs < toUs ? await pages.first({ ...request.range, fromUs: nextUs }) : { bars, nextUs: undefined });
    noteRows(sources, interval, startedMs, bars.bucketUs.length);
    yield tableOf(request, bars, runningUs);
  } while (nextUs !== undefined);
}

/** The text of bars: JSON without empty buckets is what is asked for most, and has a way of its own. */
function barsText(request: BarRequest, bars: BarRows, runningUs: number): string {
  const { range, fill, format } = request;
  const { symbol, interval, boundary } = range;
  if (format !== "json" || fill !== "none") return tableText(tableOf(request, bars, runningUs), format);
  return barsJson(bars, symbol, { runningUs, dayBoundary: namingBoundary(interval, boundary) });
}

/** Answers a request for bars of one symbol. */
export async function answerBars(sources: BarSources, req: IncomingMessage, request: BarRequest): Promise<Answer> {
  const { range, format, take } = request;
  const contentType = CONTENT_TYPES[format];
  if (take === "all" && format !== "columns") {
    return { pieces: tablePieces(allTables(sources, request), format), contentType };
  }
  // Before the read: a bar that completes meanwhile is still called running, never the other way round.
  const runningUs = bucketStart(sources.reader.nowUs(), range.interval, range.boundary);
  const startedMs = performance.now();
  const { bars, link } = await readPage(pagesFor(sources, request), req, request);
  noteRows(sources, range.interval, startedMs, bars.bucketUs.length);
  return { body: barsText(request, bars, runningUs), contentType, link };
}
