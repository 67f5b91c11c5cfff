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
import { type BarForm, formOf } from "../formats/bar-form.js";
import { barTable, ccxtTable } from "../formats/bar-table.js";
import { parquetPieces } from "../formats/parquet.js";
import type { Table } from "../formats/table.js";
import { bodyMaker } from "../formats/table-body.js";
import { tablePieces } from "../formats/table-text.js";
import { type Answer, textAnswer } from "./answer.js";
import type { BarSources } from "./bar-answer.js";
import { boundaryErrors, countErrors, requireRoomBeside, requireStreamable } from "./bar-request.js";
import { CONTENT_TYPES, formatOf } from "./media-type.js";
import { rangeOf } from "./ranges.js";

/** What their reads are counted as among the intervals, however many ticks a bar has. */
const METRIC = "ticks";

/** Bars of equally many ticks. */
interface TickBarRequest {
  readonly range: TickBarRange;
  readonly take: "first" | "last" | "all";
  readonly format: BarForm["format"] | "parquet";
  /** That of the rows. */
  readonly form: BarForm;
}

/** Parameters that say nothing of bars of ticks, or contradict each other. */
function errorsOf(query: IntervalBarsQuery): FieldError[] {
  const errors = [...boundaryErrors(query, query.interval), ...countErrors(query)];
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
  const errors = errorsOf(query);
  if (errors.length > 0) throw malformed(errors);
  const format = formatOf(req, query.format);
  const form = formOf(format, query.price, query.include);
  requireStreamable(query.limit, format);
  requireRoomBeside(form);
  const { count, limit = count } = query;
  const range = rangeOf({ ...query, ...(limit === undefined ? {} : { limit }) }, reader.nowUs());
  const cursor = { afterSeq: query.after_seq ?? -1, beforeSeq: query.before_seq ?? 0 };
  return {
    range: { ...range, perBar, ...cursor, withQuotes: form.withQuotes, completeOnly: query.complete === true },
    take: count === undefined ? (limit === "all" ? "all" : "first") : "last",
    format,
    form,
  };
}

function tableOf({ bars }: TickBarPage, form: BarForm, symbol: string): Table {
  if (form.format === "ccxt") return ccxtTable(bars, form);
  return barTable(bars, form, { symbol: () => symbol, runningUs: Number.NEGATIVE_INFINITY, dayBoundary: undefined });
}

/** Reads a page, and takes note of it. */
async function readPage(sources: BarSources, range: TickBarRange, take: "first" | "last"): Promise<TickBarPage> {
  const { metrics, caller, pages } = sources;
  const startedMs = performance.now();
  const page = await pages.underOneSnapshot(({ ticks }) => new TickBarPages(ticks)[take](range), true);
  const rows = page.bars.bucketUs.length;
  metrics.observe(METRIC, (performance.now() - startedMs) / 1000, rows);
  caller.quota?.spend("rows_per_second", rows);
  return page;
}

async function* allTables(sources: BarSources, { range, form }: TickBarRequest): AsyncGenerator<Table> {
  for (let next: TickBarRange | undefined = range; next !== undefined; ) {
    const page: TickBarPage = await readPage(sources, next, "first");
    const { cursor } = page;
    next = cursor === undefined ? undefined : { ...range, fromUs: cursor.timeUs, afterSeq: cursor.seq };
    yield tableOf(page, form, range.symbol);
  }
}

function linkOf(req: IncomingMessage, { range, take }: TickBarRequest, { cursor }: TickBarPage): string | undefined {
  if (cursor === undefined) return undefined;
  const [time, seq] = [formatTime(cursor.timeUs), String(cursor.seq)];
  if (take === "last") return pageLink(req, "prev", { end: time, before_seq: seq });
  return pageLink(req, "next", { start: time, after_seq: seq, end: formatTime(range.toUs) });
}

/** Answers a request for bars of equally many ticks of one symbol. */
export function answerTickBars(
  sources: BarSources,
  req: IncomingMessage,
  query: IntervalBarsQuery,
  perBar: number,
): Answer {
  const request = tickBarRequest(sources, req, query, perBar);
  const { range, take, format, form } = request;
  const contentType = CONTENT_TYPES[format];
  if (take === "all" && format !== "columns") {
    const tables = allTables(sources, request);
    return { pieces: format === "parquet" ? parquetPieces(tables) : tablePieces(tables, format), contentType };
  }
  const read = async () => {
    const page = await readPage(sources, range, take === "last" ? "last" : "first");
    const link = linkOf(req, request, page);
    const body = await bodyMaker(tableOf(page, form, range.symbol), format);
    return { rows: page.bars.bucketUs.length, make: () => textAnswer({ body: body(), contentType, link }) };
  };
  return { rowsMax: range.limit, read };
}

/** The newest bar of equally many ticks of each symbol. */
export async function answerLatestTickBars(
  sources: BarSources,
  req: IncomingMessage,
  query: LatestQuery,
  perBar: number,
): Promise<Answer> {
  const { symbol: symbols, complete } = query;
  const format = formatOf(req, query.format);
  const form = formOf(format, query.price, query.include);
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
    runningUs: Number.NEGATIVE_INFINITY,
    dayBoundary: undefined,
  });
  const body = await bodyMaker(table, format);
  return { body: body(), contentType: CONTENT_TYPES[format] };
}
