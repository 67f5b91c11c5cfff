import type { IncomingMessage } from "node:http";
import {
  formatTime,
  LIMIT_DEFAULT,
  parseTime,
  type SymbolJson,
  type SymbolsQuery,
  type TicksQuery,
} from "@fx-ohlc/schemas";
import { type Caller, pageLink } from "@fx-ohlc/service-kit";
import { readKnownTicks } from "../as-of/tick-pages.js";
import { column, type Table, timeColumn } from "../formats/table.js";
import { bodyMaker, bodyPieces } from "../formats/table-body.js";
import { readSymbols } from "../symbols.js";
import { readTicks, type TickColumns, type TickRange, ticksJson, tickTable } from "../ticks.js";
import { type Answer, textAnswer } from "./answer.js";
import type { BarSources } from "./bar-answer.js";
import { requireStreamable } from "./bar-request.js";
import { CONTENT_TYPES } from "./media-type.js";
import { outputOf } from "./output.js";
import { rangeOf } from "./ranges.js";

/** Where to go on after the first `limit` ticks: after the last of them, by (time, seq). */
function cursorAfter({ timeUs, seq }: TickColumns, limit: number) {
  return { fromUs: timeUs[limit - 1] ?? 0, afterSeq: seq[limit - 1] ?? 0 };
}

type TickSources = Pick<BarSources, "reader" | "caller" | "moment">;

function readPage({ reader, moment }: TickSources, range: TickRange): Promise<TickColumns> {
  return moment === undefined ? readTicks(reader, range) : readKnownTicks(reader, range, moment);
}

/** Every page of a range, `limit` ticks each, one after the other. */
async function* allTables(sources: TickSources, range: TickRange, limit: number): AsyncGenerator<Table> {
  let hasSides: boolean | undefined;
  for (let next: TickRange | undefined = range; next !== undefined; ) {
    const page: TickRange = next;
    const read = await readPage(sources, page);
    // All rows have the columns of the first, should the symbol get its first quote meanwhile.
    hasSides ??= read.sides !== undefined;
    const ticks = hasSides ? read : { ...read, sides: undefined };
    sources.caller.quota?.spend("rows_per_second", Math.min(ticks.timeUs.length, limit));
    next = ticks.timeUs.length > limit ? { ...page, ...cursorAfter(ticks, limit) } : undefined;
    yield tickTable(ticks, range.symbol, limit);
  }
}

/** `GET /ticks`. */
export async function getTicks(sources: BarSources, req: IncomingMessage, query: TicksQuery): Promise<Answer> {
  const { reader, caller } = sources;
  const output = outputOf(req, query);
  const { format, zone } = output;
  const contentType = CONTENT_TYPES[format];
  requireStreamable(query.limit, format);
  const { limit, ...times } = rangeOf(query, reader.nowUs());
  const range = { symbol: query.symbol, ...times };
  const ticksOf = { ...range, afterSeq: query.after_seq ?? -1, rowsMax: limit + 1 };
  if (query.limit === "all" && format !== "columns") {
    const tables = allTables(sources, ticksOf, limit);
    return { pieces: bodyPieces(tables, format, zone), contentType };
  }
  const { symbol, toUs } = range;
  const linkAfter = (ticks: TickColumns) => {
    if (ticks.timeUs.length <= limit) return undefined;
    const { fromUs, afterSeq } = cursorAfter(ticks, limit);
    return pageLink(req, "next", { start: formatTime(fromUs), after_seq: String(afterSeq), end: formatTime(toUs) });
  };
  const read = async () => {
    const ticks = await readPage(sources, ticksOf);
    const rows = Math.min(ticks.timeUs.length, limit);
    caller.quota?.spend("rows_per_second", rows);
    const json = () => ticksJson(ticks, symbol, limit);
    const body = format === "json" ? json : await bodyMaker([tickTable(ticks, symbol, limit)], output);
    return { rows, make: () => textAnswer({ body: body(), contentType, link: linkAfter(ticks) }) };
  };
  return { rowsMax: limit, read };
}

function symbolTable(symbols: readonly SymbolJson[]): Table {
  const of = (name: keyof SymbolJson, isFreeText = false) => ({
    ...column(
      name,
      symbols.map((row) => row[name]),
    ),
    isFreeText,
  });
  const time = (name: "first_tick" | "last_tick" | "last_heard") =>
    timeColumn(name, (row) => parseTime(symbols[row]?.[name]) ?? null, formatTime);
  return {
    rows: symbols.length,
    columns: [
      { ...of("symbol"), words: symbols.map(({ symbol }) => symbol) },
      ...[time("first_tick"), time("last_tick"), time("last_heard"), of("quotes")],
      ...[of("digits"), of("pip"), of("session"), of("kind"), of("description", true), of("quiet_after_s")],
    ],
  };
}

/** `GET /symbols`. */
export async function getSymbols(
  { reader, sessions }: BarSources,
  req: IncomingMessage,
  query: SymbolsQuery,
  { symbols: patterns, quota }: Caller,
): Promise<Answer> {
  const output = outputOf(req, query);
  const { prefix = "", limit = LIMIT_DEFAULT, after = "" } = query;
  const contentType = CONTENT_TYPES[output.format];
  const read = async () => {
    // One more than is answered shows whether there is another page.
    const symbols = await readSymbols(reader, sessions, { prefix, limit: limit + 1, after, patterns });
    const page = symbols.slice(0, limit);
    quota?.spend("rows_per_second", page.length);
    const last = page.at(-1)?.symbol ?? "";
    const link = symbols.length > limit ? pageLink(req, "next", { after: last }) : undefined;
    const body = await bodyMaker([symbolTable(page)], output);
    const make = () => textAnswer({ body: body(), contentType, link });
    return { rows: page.length, make };
  };
  return { rowsMax: limit, read };
}
