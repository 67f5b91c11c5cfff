import type { IncomingMessage } from "node:http";
import { formatTime, nowUs, TicksQuery } from "@fx-ohlc/schemas";
import { readQuery, refuseQuery } from "@fx-ohlc/service-kit";
import type { Reader } from "../reader.js";
import { readSymbols } from "../symbols.js";
import { readTicks, type TickColumns, ticksJson } from "../ticks.js";
import type { Answer } from "./answer.js";
import { pageLink } from "./page-link.js";
import { rangeOf } from "./ranges.js";

/** The parameters of the page after the first `limit` ticks: after the last of them, by (time, seq). */
function cursorAfter({ timeUs, seq }: TickColumns, limit: number): Record<string, string> {
  return { start: formatTime(timeUs[limit - 1] ?? 0), after_seq: String(seq[limit - 1] ?? 0) };
}

/** `GET /ticks`. */
export function getTicks(reader: Reader) {
  return async (req: IncomingMessage): Promise<Answer> => {
    const query = readQuery(TicksQuery, req.url ?? "");
    const { limit, ...range } = rangeOf(query, nowUs());
    if (range.fromUs >= range.toUs) return { body: "[]" };
    const afterSeq = query.after_seq === undefined ? -1 : Number(query.after_seq);
    const ticks = await reader.read((sql) => readTicks(sql, { ...range, afterSeq, rowsMax: limit + 1 }));
    const body = ticksJson(ticks, range.symbol, limit);
    if (ticks.timeUs.length <= limit) return { body };
    return { body, link: pageLink(req, "next", { ...cursorAfter(ticks, limit), end: formatTime(range.toUs) }) };
  };
}

/** `GET /symbols`. */
export function getSymbols(reader: Reader) {
  return async (req: IncomingMessage): Promise<Answer> => {
    refuseQuery(req.url ?? "");
    return { body: JSON.stringify(await reader.read((sql) => readSymbols(sql, nowUs()))) };
  };
}
