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
import { pageLink } from "@fx-ohlc/service-kit";
import type { BarRange } from "../bars/bar-page.js";
import { Bars } from "../bars/bars.js";
import { reasonsFrom } from "../bars/empty-reasons.js";
import { FilledPages } from "../bars/filled-bars.js";
import { packBars } from "../bars/packed-bars.js";
import { type RowsContext, tableOf } from "../formats/bar-rows.js";
import type { BarRows } from "../formats/bar-table.js";
import type { Table } from "../formats/table.js";
import { isFileFormat } from "../formats/table-body.js";
import type { BarSources } from "./bar-answer.js";
import type { BarRequest } from "./bar-request.js";

/** What a request's bars are read from. */
export interface Pages<Rows> {
  first(range: BarRange): Promise<{ readonly bars: Rows; readonly nextUs: Micros | undefined }>;
  last(range: BarRange): Promise<{ readonly bars: Rows; readonly prevUs: Micros | undefined }>;
}

/** Bars, and the `Link` to those after or before them. */
interface Page<Rows> {
  readonly bars: Rows;
  readonly link?: string | undefined;
}

/** Bars as they were read, or with the empty buckets between them. */
export type AnyBars = Bars | BarRows;

/** The boundary whose days give bars of a day or more their names. */
export function namingBoundary(interval: Interval, boundary: DayBoundary): DayBoundary | undefined {
  return isOfDays(interval) ? boundary : undefined;
}

/** What the rows of a range say besides the bars, by the clock of now. */
export function contextOf({ reader }: BarSources, range: BarRange, request: BarRequest): RowsContext {
  const { symbol, interval, boundary } = range;
  const context = {
    symbol,
    runningUs: bucketStart(reader.nowUs(), interval, boundary),
    dayBoundary: namingBoundary(interval, boundary),
  };
  if (request.later.length === 0) return context;
  return { ...context, symbols: [request.range, ...request.later].map((each) => each.symbol) };
}

/** Whether bars are answered as text that may be kept: no buckets are filled, and times are as they always are. */
export function isKeptText({ fill, output }: BarRequest): boolean {
  return fill === "none" && output.zone === undefined && !isFileFormat(output.format);
}

/** Where bars are read from. */
export function pagesOf({ reader, pages, sessions }: BarSources, fill: BarRequest["fill"]): Pages<AnyBars> {
  if (fill === "none") return pages;
  return new FilledPages(pages, { fill, readReasons: reasonsFrom(reader, sessions), nowUs: reader.nowUs() });
}

export async function readPage<Rows>(
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

export function countOf(bars: AnyBars): number {
  return bars instanceof Bars ? bars.count : bars.bucketUs.length;
}

/** Bars as a table. Those that were read are laid out as files have them. */
export function barsTable(bars: AnyBars, { form }: Pick<BarRequest, "form">, context: RowsContext): Table {
  return tableOf(bars instanceof Bars ? packBars(bars.parts) : bars, form, context);
}

export function noteRows({ metrics, caller }: BarSources, interval: Interval, startedMs: number, rows: number): void {
  metrics.observe(interval, (performance.now() - startedMs) / 1000, rows);
  caller.quota?.spend("rows_per_second", rows);
}

/** Every page of all symbols, one after the other, each by the clock of its beginning. */
export async function* allPages<Rows extends AnyBars>(
  sources: BarSources,
  pages: Pages<Rows>,
  request: BarRequest,
): AsyncGenerator<{ readonly bars: Rows; readonly context: RowsContext }> {
  for (const range of [request.range, ...request.later]) {
    for (let nextUs: Micros | undefined = range.fromUs; nextUs !== undefined; ) {
      const context = contextOf(sources, range, request);
      const startedMs = performance.now();
      const page: { bars: Rows; nextUs: Micros | undefined } = await pages.first({ ...range, fromUs: nextUs });
      nextUs = page.nextUs;
      noteRows(sources, range.interval, startedMs, countOf(page.bars));
      yield { bars: page.bars, context };
    }
  }
}

/** The same as tables. */
export async function* allTables(sources: BarSources, request: BarRequest): AsyncGenerator<Table> {
  const pages = pagesOf(sources, request.fill);
  for await (const { bars, context } of allPages(sources, pages, request)) yield barsTable(bars, request, context);
}
