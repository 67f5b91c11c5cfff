import type { IncomingMessage } from "node:http";
import { formatTime, type SymbolsQuery, type TicksQuery } from "@fx-ohlc/schemas";
import type { Table } from "../formats/table.js";
import { column } from "../formats/table.js";
import { tableChunks, tableText } from "../formats/table-text.js";
import type { Reader } from "../reader.js";
import { readSymbols } from "../symbols.js";
import { readTicks, type TickColumns, type TickRange, ticksJson, tickTable } from "../ticks.js";
import type { Answer } from "./answer.js";
import type { BarSources } from "./bar-answer.js";
import { requireStreamable } from "./bar-request.js";
import { CONTENT_TYPES, formatOf } from "./media-type.js";
import { pageLink } from "./page-link.js";
import { rangeOf } from "./ranges.js";

/** Where to go on after the first `limit` ticks: after the last of them, by (time, seq). */
function cursorAfter({ timeUs, seq }: TickColumns, limit: number) {
  return { fromUs: timeUs[limit - 1] ?? 0, afterSeq: seq[limit - 1] ?? 0 };
}

/** Every page of a range, `limit` ticks each, one after the other. */
async function* allTables(reader: Reader, range: TickRange, limit: number): AsyncGenerator<Table> {
  for (let next: TickRange | undefined = range; next !== undefined; ) {
    const page: TickRange = next;
    const ticks = await readTicks(reader, page);
    next = ticks.timeUs.length > limit ? { ...page, ...cursorAfter(ticks, limit) } : undefined;
    yield tickTable(ticks, range.symbol, limit);
  }
}

/** `GET /ticks`. */
export async function getTicks({ reader }: BarSources, req: IncomingMessage, query: TicksQuery): Promise<Answer> {
  const format = formatOf(req, query.format);
  requireStreamable(query.limit, format);
  const contentType = CONTENT_TYPES[format];
  const { limit, ...range } = rangeOf(query, reader.nowUs());
  const ticksOf = { ...range, afterSeq: query.after_seq ?? -1, rowsMax: limit + 1 };
  if (query.limit === "all" && format !== "columns") {
    return { chunks: tableChunks(allTables(reader, ticksOf, limit), format), contentType };
  }
  const ticks = await readTicks(reader, ticksOf);
  const { symbol, toUs } = range;
  const body = format === "json" ? ticksJson(ticks, symbol, limit) : tableText(tickTable(ticks, symbol, limit), format);
  if (ticks.timeUs.length <= limit) return { body, contentType };
  const { fromUs, afterSeq } = cursorAfter(ticks, limit);
  const changes = { start: formatTime(fromUs), after_seq: String(afterSeq), end: formatTime(toUs) };
  return { body, contentType, link: pageLink(req, "next", changes) };
}

/** `GET /symbols`. */
export async function getSymbols({ reader }: BarSources, req: IncomingMessage, query: SymbolsQuery): Promise<Answer> {
  const format = formatOf(req, query.format);
  const symbols = await readSymbols(reader, reader.nowUs());
  const names = ["symbol", "first_tick", "last_tick"] as const;
  const columns = names.map((name) =>
    column(
      name,
      symbols.map((row) => row[name]),
    ),
  );
  return { body: tableText({ rows: symbols.length, columns }, format), contentType: CONTENT_TYPES[format] };
}
