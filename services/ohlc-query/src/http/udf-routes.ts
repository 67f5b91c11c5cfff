import type { IncomingMessage, ServerResponse } from "node:http";
import {
  normalizeSymbol,
  type Side,
  type SymbolKind,
  splitSide,
  type UdfConfig,
  type UdfFound,
  type UdfHistoryQuery,
  type UdfSearchQuery,
  type UdfSymbolQuery,
  US_PER_SECOND,
} from "@fx-ohlc/schemas";
import { type BoundRoute, type Caller, Problem, sendJson } from "@fx-ohlc/service-kit";
import { type FoundSymbol, findSymbols, readSymbol } from "../symbols.js";
import { readHistory } from "../udf/history.js";
import { EXCHANGE, namesOf, RESOLUTIONS, symbolInfo, symbolType } from "../udf/symbol-info.js";
import { type Answer, textAnswer } from "./answer.js";
import type { BarSources } from "./bar-answer.js";

/**
 * TradingView's Universal Data Feed, so that its charting library plugs in: `new UDFCompatibleDatafeed("…/udf")`. The protocol
 * is described at https://www.tradingview.com/charting-library-docs/latest/connecting_data/UDF
 */
const SEARCH_DEFAULT = 30;

const CONFIG: UdfConfig = {
  supported_resolutions: RESOLUTIONS,
  supports_search: true,
  supports_group_request: false,
  supports_marks: false,
  supports_timescale_marks: false,
  supports_time: true,
};

/** Answers refusals of a route in the protocol's words, under the status that any other path would give. */
export function withUdfErrors(route: BoundRoute): BoundRoute {
  return { ...route, refuse: sendRefusal };
}

function sendRefusal(res: ServerResponse, { status, detail, headers }: Problem): void {
  sendJson(res, status, { s: "error", errmsg: detail }, { "Cache-Control": "no-cache", ...headers });
}

/** `GET /udf/config`. */
export async function getUdfConfig(): Promise<Answer> {
  return { body: JSON.stringify(CONFIG) };
}

/** `GET /udf/time`. */
export async function getUdfTime({ reader }: BarSources): Promise<Answer> {
  const body = String(Math.floor(reader.nowUs() / US_PER_SECOND));
  return { body, contentType: "text/plain; charset=utf-8" };
}

/** `GET /udf/symbols`. */
export async function getUdfSymbol(
  { reader, sessions, caller }: BarSources,
  _req: IncomingMessage,
  { symbol: name }: UdfSymbolQuery,
): Promise<Answer> {
  const { symbol, side } = splitSide(name);
  const known = await readSymbol(reader, sessions, symbol);
  if (known === undefined || (side !== undefined && !known.quotes)) throw new Problem("not_found", "unknown_symbol");
  caller.quota?.spend("rows_per_second", 1);
  return { body: JSON.stringify(symbolInfo(known, side)) };
}

/** A symbol that was found, and its sides where it has quotes; of one that was asked for by a side, that side. */
function entriesOf({ symbol, description, kind, quotes }: FoundSymbol, wanted: Side | undefined): UdfFound[] {
  const sides = quotes ? (["bid", "ask"] as const) : [];
  const named = wanted === undefined ? [undefined, ...sides] : sides.filter((side) => side === wanted);
  return named.map((side) => {
    const names = namesOf(symbol, description, side);
    return {
      ...{ symbol: names.ticker, full_name: names.ticker, description: names.description, exchange: EXCHANGE },
      ...{ ticker: names.ticker, type: symbolType(kind) },
    };
  });
}

/** `GET /udf/search`: symbols that begin with what was typed, then those that hold it elsewhere. */
export async function getUdfSearch(
  { reader, sessions }: BarSources,
  _req: IncomingMessage,
  asked: UdfSearchQuery,
  { symbols: patterns, quota }: Caller,
): Promise<Answer> {
  const { type = "", exchange = "", limit = SEARCH_DEFAULT } = asked;
  const { symbol: query, side } = splitSide(asked.query ?? "");
  // It is typed as a symbol is written, whole or in part.
  const text = normalizeSymbol(query) ?? query.toUpperCase().replace("/", "");
  const isWanted = (kind: SymbolKind) => [symbolType(kind), ""].includes(type) && [EXCHANGE, ""].includes(exchange);
  const found = await findSymbols(reader, sessions, { text, limit, patterns, isWanted });
  const answers = found.flatMap((symbol) => entriesOf(symbol, side)).slice(0, limit);
  quota?.spend("rows_per_second", answers.length);
  return { body: JSON.stringify(answers) };
}

/** `GET /udf/history`. */
export async function getUdfHistory(
  sources: BarSources,
  _req: IncomingMessage,
  query: UdfHistoryQuery,
): Promise<Answer> {
  const { rows, make } = await readHistory(query, sources);
  return { rows, make: () => textAnswer({ body: JSON.stringify(make()) }) };
}
