import type { IncomingMessage } from "node:http";
import {
  bucketStart,
  type DayBoundary,
  formatBucket,
  formatTime,
  type Interval,
  isOfDays,
  type Micros,
} from "@fx-ohlc/schemas";
import { type Caller, pageLink } from "@fx-ohlc/service-kit";
import type { Moment } from "../as-of/moment.js";
import type { BarPages, BarRange } from "../bars/bar-page.js";
import type { Bars } from "../bars/bars.js";
import { type Fill, FilledPages } from "../bars/filled-bars.js";
import { type RowsContext, tableOf } from "../formats/bar-rows.js";
import type { BarRows } from "../formats/bar-table.js";
import { BarsBody } from "../formats/bars-body.js";
import { parquetOf, parquetPieces } from "../formats/parquet.js";
import type { Table } from "../formats/table.js";
import { type Piece, tablePieces, tableText } from "../formats/table-text.js";
import type { MarketSessions } from "../market-sessions.js";
import type { QueryMetrics } from "../metrics.js";
import type { Reader } from "../reader.js";
import { type Answer, type MadeAnswer, type TaggedAnswer, textAnswer } from "./answer.js";
import type { BarRequest } from "./bar-request.js";
import { isMostlyWhole, keptParts } from "./kept-parts.js";
import { CONTENT_TYPES } from "./media-type.js";

/** What one request is answered from. */
export interface BarSources {
  readonly reader: Reader;
  readonly pages: BarPages;
  /** The same as they were known at a moment. */
  readonly pagesAsOf: (moment: Moment) => BarPages;
  /** Which moment it is, where all is answered as of one. */
  readonly moment: Moment | undefined;
  readonly sessions: MarketSessions;
  readonly metrics: QueryMetrics;
  readonly caller: Caller;
}

/** What a request's bars are read from. */
interface Pages<Rows> {
  first(range: BarRange): Promise<{ readonly bars: Rows; readonly nextUs: Micros | undefined }>;
  last(range: BarRange): Promise<{ readonly bars: Rows; readonly prevUs: Micros | undefined }>;
}

/** Bars, and the `Link` to those after or before them. */
interface Page<Rows> {
  readonly bars: Rows;
  readonly link?: string | undefined;
}

/** The boundary whose days give bars of a day or more their names. */
export function namingBoundary(interval: Interval, boundary: DayBoundary): DayBoundary | undefined {
  return isOfDays(interval) ? boundary : undefined;
}

function contextOf({ symbol, interval, boundary }: BarRange, runningUs: Micros): RowsContext {
  return { symbol, runningUs, dayBoundary: namingBoundary(interval, boundary) };
}

function filledPages({ reader, pages, sessions }: BarSources, symbol: string, fill: Fill): Pages<BarRows> {
  return new FilledPages(pages, { fill, session: sessions.of(symbol), nowUs: reader.nowUs() });
}

async function readPage<Rows>(
  pages: Pages<Rows>,
  req: IncomingMessage,
  { range, take }: BarRequest,
): Promise<Page<Rows>> {
  if (take === "last") {
    const { bars, prevUs } = await pages.last(range);
    return { bars, link: prevUs === undefined ? undefined : pageLink(req, "prev", { end: formatBucket(prevUs) }) };
  }
  const { bars, nextUs } = await pages.first(range);
  if (nextUs === undefined) return { bars };
  return { bars, link: pageLink(req, "next", { start: formatBucket(nextUs), end: formatTime(range.toUs) }) };
}

function noteRows({ metrics, caller }: BarSources, interval: Interval, startedMs: number, rows: number): void {
  metrics.observe(interval, (performance.now() - startedMs) / 1000, rows);
  caller.quota?.spend("rows_per_second", rows);
}

/** Every page of a range, one after the other, by the clock of its beginning. */
async function* allPages<Rows>(
  { reader }: BarSources,
  pages: Pages<Rows>,
  { range }: BarRequest,
): AsyncGenerator<{ readonly bars: Rows; readonly context: RowsContext; readonly startedMs: number }> {
  for (let nextUs: Micros | undefined = range.fromUs; nextUs !== undefined; ) {
    const context = contextOf(range, bucketStart(reader.nowUs(), range.interval, range.boundary));
    const startedMs = performance.now();
    const page: { bars: Rows; nextUs: Micros | undefined } = await pages.first({ ...range, fromUs: nextUs });
    nextUs = page.nextUs;
    yield { bars: page.bars, context, startedMs };
  }
}

/** The text of a whole range with the empty buckets filled. */
async function* filledTables(sources: BarSources, request: BarRequest, fill: Fill): AsyncGenerator<Table> {
  const { range, form } = request;
  const pages = filledPages(sources, range.symbol, fill);
  for await (const { bars, context, startedMs } of allPages(sources, pages, request)) {
    noteRows(sources, range.interval, startedMs, bars.bucketUs.length);
    yield tableOf(bars, form, context);
  }
}

/** The bars of a whole range as tables. */
async function* plainTables(sources: BarSources, request: BarRequest): AsyncGenerator<Table> {
  for await (const { bars, context, startedMs } of allPages(sources, sources.pages, request)) {
    noteRows(sources, request.range.interval, startedMs, bars.count);
    yield tableOf(bars.arrays(), request.form, context);
  }
}

/** Bars as a file: long ones row group by row group. */
function parquetAnswer(sources: BarSources, req: IncomingMessage, request: BarRequest): Answer {
  const { range, take, fill } = request;
  if (take === "all") {
    const tables = fill === "none" ? plainTables(sources, request) : filledTables(sources, request, fill);
    return { pieces: parquetPieces(tables), contentType: CONTENT_TYPES.parquet };
  }
  return { rowsMax: range.limit, read: () => readParquet(sources, req, request) };
}

async function readParquet(sources: BarSources, req: IncomingMessage, request: BarRequest): Promise<MadeAnswer> {
  const { range, form, fill } = request;
  const context = contextOf(range, bucketStart(sources.reader.nowUs(), range.interval, range.boundary));
  const startedMs = performance.now();
  const pages: Pages<Bars | BarRows> = fill === "none" ? sources.pages : filledPages(sources, range.symbol, fill);
  const { bars, link } = await readPage(pages, req, request);
  const table = tableOf("bucketUs" in bars ? bars : bars.arrays(), form, context);
  noteRows(sources, range.interval, startedMs, table.rows);
  const body = await parquetOf(table);
  return { rows: table.rows, make: () => textAnswer({ body, contentType: CONTENT_TYPES.parquet, link }) };
}

/** The text of a whole range, page by page. */
async function* allBodies(sources: BarSources, request: BarRequest): AsyncGenerator<Piece> {
  const { range, form } = request;
  let closing: string | undefined;
  let hasRows = false;
  for await (const { bars, context, startedMs } of allPages(sources, sources.pages, request)) {
    noteRows(sources, range.interval, startedMs, bars.count);
    const body = new BarsBody(bars, form, context);
    const before = { isOpen: closing !== undefined, hasRows };
    yield { rows: bars.count, make: () => body.rowsAfter(before.isOpen, before.hasRows) };
    closing = body.closing;
    hasRows ||= bars.count > 0;
  }
  const end = closing ?? "";
  if (end !== "") yield { rows: 0, make: () => end };
}

/** An answer of bars, many of which may lie in memory as they are sent. */
function bodyAnswer(body: BarsBody, head: Pick<TaggedAnswer, "contentType" | "link">): TaggedAnswer {
  const { pieces, length, tag, onlyChunk } = body;
  if (isMostlyWhole(pieces)) return { tag, length, ...head, isKept: true, parts: () => keptParts(pieces) };
  return { tag, length, ...head, parts: () => pieces, encodedBodies: onlyChunk?.encodedBodies };
}

/** Answers a request for bars of one symbol. */
export async function answerBars(sources: BarSources, req: IncomingMessage, request: BarRequest): Promise<Answer> {
  if (request.isParquet) return parquetAnswer(sources, req, request);
  const { range, form, take, fill } = request;
  const { format } = form;
  const contentType = CONTENT_TYPES[format];
  if (take === "all" && format !== "columns") {
    if (fill === "none") return { pieces: allBodies(sources, request), contentType };
    return { pieces: tablePieces(filledTables(sources, request, fill), format), contentType };
  }
  // Before the read: a bar that completes meanwhile is still called running, never the other way round.
  const context = contextOf(range, bucketStart(sources.reader.nowUs(), range.interval, range.boundary));
  if (fill !== "none") {
    return { rowsMax: range.limit, read: () => readFilled(sources, req, { ...request, fill }, context) };
  }
  const startedMs = performance.now();
  const { bars, link } = await readPage<Bars>(sources.pages, req, request);
  noteRows(sources, range.interval, startedMs, bars.count);
  const body = new BarsBody(bars, form, context);
  return { rows: body.rowsToMake, make: () => bodyAnswer(body, { contentType, link }) };
}

/** Reads a page of bars with the empty buckets filled. */
async function readFilled(
  sources: BarSources,
  req: IncomingMessage,
  request: BarRequest & { readonly fill: Fill },
  context: RowsContext,
): Promise<MadeAnswer> {
  const { range, form, fill } = request;
  const startedMs = performance.now();
  const { bars, link } = await readPage(filledPages(sources, range.symbol, fill), req, request);
  const rows = bars.bucketUs.length;
  noteRows(sources, range.interval, startedMs, rows);
  const text = () => tableText(tableOf(bars, form, context), form.format);
  return { rows, make: () => textAnswer({ body: text(), contentType: CONTENT_TYPES[form.format], link }) };
}
