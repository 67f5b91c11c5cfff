import type { IncomingMessage } from "node:http";
import {
  FIRST_BUCKET_US,
  type FieldError,
  formatTime,
  type IntervalBarsQuery,
  type LatestQuery,
} from "@fx-ohlc/schemas";
import { malformed, pageLink } from "@fx-ohlc/service-kit";
import { joinTickBars, type TickBarPage, TickBarPages, type TickBarRange } from "../bars/tick-bars.js";
import { TICKS_PER_PAGE_MAX } from "../bars/tick-walk.js";
import { type BarForm, formOf } from "../formats/bar-form.js";
import { barTable, ccxtTable } from "../formats/bar-table.js";
import type { Table } from "../formats/table.js";
import { bodyMaker, bodyPieces, isFileFormat, type Output } from "../formats/table-body.js";
import { type Answer, textAnswer } from "./answer.js";
import type { BarSources } from "./bar-answer.js";
import { boundaryErrors, countErrors, requireRoomBeside, requireStreamable } from "./bar-request.js";
import { CONTENT_TYPES } from "./media-type.js";
import { outputOf } from "./output.js";
import { clampInstant, rangeOf } from "./ranges.js";
import { severalErrors, symbolsOf } from "./symbol-list.js";

/** What their reads are counted as among the intervals, however many ticks a bar has. */
const METRIC = "ticks";

/** Bars of equally many ticks. */
interface TickBarRequest {
  /** Of each symbol, in the order of their bars. */
  readonly ranges: readonly [TickBarRange, ...TickBarRange[]];
  readonly take: "first" | "last" | "all";
  readonly form: BarForm;
  readonly output: Output;
}

/** The bars of a symbol on a page. */
interface SymbolTickBars extends TickBarPage {
  readonly symbol: string;
}

/** A page of all symbols, and the place of the one where it goes on. */
interface SeveralTickBars {
  readonly found: readonly [SymbolTickBars, ...SymbolTickBars[]];
  readonly place: number;
}

/** Parameters that say nothing of bars of ticks, or contradict each other. */
function errorsOf(query: IntervalBarsQuery): FieldError[] {
  const errors = [...boundaryErrors(query, query.interval), ...countErrors(query), ...severalErrors(query)];
  if ((query.fill ?? "none") !== "none") {
    errors.push({ field: "fill", message: `is for intervals of time, not for ${query.interval}` });
  }
  const [field, partner] =
    query.count === undefined ? (["before_seq", "count"] as const) : (["after_seq", "limit"] as const);
  if (query[field] !== undefined) errors.push({ field, message: `goes with ${partner}` });
  return errors;
}

/** @throws Problem 400 naming parameters that make no sense together, 406 when no format is acceptable */
function tickBarRequest(
  { reader }: BarSources,
  req: IncomingMessage,
  query: IntervalBarsQuery,
  perBar: number,
): TickBarRequest {
  const symbols = symbolsOf(query);
  const errors = errorsOf(query);
  if (errors.length > 0) throw malformed(errors);
  const output = outputOf(req, query);
  const form = formOf(isFileFormat(output.format) ? "csv" : output.format, query.price, query.include);
  requireStreamable(query.limit, form.format);
  requireRoomBeside(form);
  const { count, limit = count } = query;
  const range = rangeOf({ ...query, ...(limit === undefined ? {} : { limit }) }, reader.nowUs());
  const cursor = { afterSeq: query.after_seq ?? -1, beforeSeq: query.before_seq ?? 0 };
  const kind = { perBar, withQuotes: form.withQuotes, completeOnly: query.complete === true };
  const [symbol, ...others] = symbols;
  const firstUs = query.first_start === undefined ? range.fromUs : clampInstant(query.first_start);
  return {
    ranges: [
      { ...range, ...kind, ...cursor, symbol, fromUs: firstUs },
      ...others.map((other) => ({ ...range, ...kind, symbol: other, afterSeq: -1, beforeSeq: 0 })),
    ],
    take: count === undefined ? (limit === "all" ? "all" : "first") : "last",
    ...{ form, output },
  };
}

function tableOf({ bars, symbol }: SymbolTickBars, { form, ranges }: TickBarRequest): Table {
  if (form.format === "ccxt") return ccxtTable(bars, form);
  const symbols = ranges.map((range) => range.symbol);
  return barTable(bars, form, {
    ...{ symbol: () => symbol, symbols },
    ...{ runningUs: Number.NEGATIVE_INFINITY, dayBoundary: undefined },
  });
}

function note({ metrics, caller }: BarSources, startedMs: number, rows: number): void {
  metrics.observe(METRIC, (performance.now() - startedMs) / 1000, rows);
  caller.quota?.spend("rows_per_second", rows);
}

/** Reads a page, and takes note of it. */
async function readPage(sources: BarSources, range: TickBarRange, take: "first" | "last"): Promise<TickBarPage> {
  const startedMs = performance.now();
  const page = await sources.pages.underOneSnapshot(({ ticks }) => new TickBarPages(ticks)[take](range), true);
  note(sources, startedMs, page.bars.bucketUs.length);
  return page;
}

/** Reads the first bars of symbol after symbol, until there are as many as are wanted or their ticks are too many for one page. */
async function readInOrder(bars: TickBarPages, ranges: TickBarRequest["ranges"]): Promise<SeveralTickBars> {
  const [first, ...later] = ranges;
  const read = async (range: TickBarRange) => ({ symbol: range.symbol, ...(await bars.first(range)) });
  let last = await read(first);
  const found: [SymbolTickBars, ...SymbolTickBars[]] = [last];
  let room = first.limit - last.bars.bucketUs.length;
  let ticks = ticksIn(last);
  for (const [before, range] of later.entries()) {
    if (last.cursor !== undefined) return { found, place: before };
    if (room === 0 || ticks >= TICKS_PER_PAGE_MAX) return { found, place: before + 1 };
    last = await read({ ...range, limit: room });
    if (last.bars.bucketUs.length > 0 || last.cursor !== undefined) found.push(last);
    room -= last.bars.bucketUs.length;
    ticks += ticksIn(last);
  }
  return { found, place: last.cursor === undefined ? ranges.length : ranges.length - 1 };
}

function ticksIn({ bars }: TickBarPage): number {
  return bars.tickCount.reduce((sum, count) => sum + count, 0);
}

async function readFirst(sources: BarSources, { ranges }: TickBarRequest): Promise<SeveralTickBars> {
  const startedMs = performance.now();
  const page = await sources.pages.underOneSnapshot(({ ticks }) => readInOrder(new TickBarPages(ticks), ranges), true);
  note(
    sources,
    startedMs,
    page.found.reduce((sum, { bars }) => sum + bars.bucketUs.length, 0),
  );
  return page;
}

async function readLast(sources: BarSources, { ranges: [range] }: TickBarRequest): Promise<SeveralTickBars> {
  return { found: [{ symbol: range.symbol, ...(await readPage(sources, range, "last")) }], place: 0 };
}

async function* allTables(sources: BarSources, request: TickBarRequest): AsyncGenerator<Table> {
  for (const range of request.ranges) {
    for (let next: TickBarRange | undefined = range; next !== undefined; ) {
      const page: TickBarPage = await readPage(sources, next, "first");
      const { cursor } = page;
      next = cursor === undefined ? undefined : { ...range, fromUs: cursor.timeUs, afterSeq: cursor.seq };
      yield tableOf({ ...page, symbol: range.symbol }, request);
    }
  }
}

function linkOf(req: IncomingMessage, request: TickBarRequest, { found, place }: SeveralTickBars): string | undefined {
  const { ranges, take } = request;
  const cursor = found.at(-1)?.cursor;
  const [time, seq] = cursor === undefined ? [] : [formatTime(cursor.timeUs), String(cursor.seq)];
  if (take === "last") return time && pageLink(req, "prev", { end: time, before_seq: seq });
  const left = ranges.slice(place);
  if (left.length === 0) return undefined;
  const isLast = left.length === 1;
  return pageLink(req, "next", {
    symbol: left.map(({ symbol }) => symbol).join(","),
    ...(isLast && time !== undefined ? { start: time } : {}),
    ...{ first_start: isLast ? undefined : time, after_seq: seq },
    end: formatTime(ranges[0].toUs),
  });
}

/** Answers a request for bars of equally many ticks. */
export function answerTickBars(
  sources: BarSources,
  req: IncomingMessage,
  query: IntervalBarsQuery,
  perBar: number,
): Answer {
  const request = tickBarRequest(sources, req, query, perBar);
  const { ranges, take, output } = request;
  const { format, zone } = output;
  const contentType = CONTENT_TYPES[format];
  if (take === "all" && format !== "columns") {
    return { pieces: bodyPieces(allTables(sources, request), format, zone), contentType };
  }
  const read = async () => {
    const page = await (take === "last" ? readLast : readFirst)(sources, request);
    const [first, ...others] = page.found;
    const link = linkOf(req, request, page);
    const tables = others.map((each) => tableOf(each, request));
    const body = await bodyMaker([tableOf(first, request), ...tables], output);
    const rows = page.found.reduce((sum, { bars }) => sum + bars.bucketUs.length, 0);
    return { rows, make: () => textAnswer({ body: body(), contentType, link }) };
  };
  return { rowsMax: ranges[0].limit, read };
}

/** The newest bar of equally many ticks of each symbol. */
export async function answerLatestTickBars(
  sources: BarSources,
  req: IncomingMessage,
  query: LatestQuery,
  perBar: number,
): Promise<Answer> {
  const { symbol: symbols, complete } = query;
  const output = outputOf(req, query);
  const form = formOf(isFileFormat(output.format) ? "csv" : output.format, query.price, query.include);
  const range = { fromUs: FIRST_BUCKET_US, toUs: sources.reader.nowUs() + 1, afterSeq: -1, beforeSeq: 0, limit: 1 };
  const kind = { perBar, withQuotes: form.withQuotes, completeOnly: complete === true };
  const newest = await Promise.all(
    symbols.map(async (symbol) => ({
      symbol,
      page: await readPage(sources, { ...range, ...kind, symbol }, "last"),
    })),
  );
  const found = newest.filter(({ page }) => page.bars.bucketUs.length > 0);
  const table = barTable(joinTickBars(found.map(({ page }) => page.bars)), form, {
    symbol: (row) => found[row]?.symbol ?? "",
    symbols,
    runningUs: Number.NEGATIVE_INFINITY,
    dayBoundary: undefined,
  });
  const body = await bodyMaker([table], output);
  return { body: body(), contentType: CONTENT_TYPES[output.format] };
}
