import type { IncomingMessage } from "node:http";
import {
  normalizeSymbol,
  nowUs,
  sessionBoundary,
  UdfHistoryQuery,
  UdfSearchQuery,
  UdfSymbolQuery,
  US_PER_SECOND,
} from "@fx-ohlc/schemas";
import { Problem, problemOf, readQuery, refuseQuery } from "@fx-ohlc/service-kit";
import { FIRST_BUCKET_US } from "../bars/stored-bars.js";
import { databaseProblem } from "../reader.js";
import { readSymbols } from "../symbols.js";
import { readHistory } from "../udf/history.js";
import { EXCHANGE, RESOLUTIONS, symbolInfo, symbolType } from "../udf/symbol-info.js";
import type { Answer } from "./answer.js";
import type { BarDependencies } from "./bar-routes.js";

/**
 * TradingView's Universal Data Feed, so that its charting library plugs in: `new UDFCompatibleDatafeed("…/udf")`. The protocol
 * is described at https://www.tradingview.com/charting-library-docs/latest/connecting_data/UDF
 */
type Read = (req: IncomingMessage) => Promise<Answer>;

/** Newest minutes that show how many decimals a symbol's prices have. */
const SAMPLE_MINUTES = 100;
const SEARCH_DEFAULT = 30;

const CONFIG = {
  supported_resolutions: RESOLUTIONS,
  supports_search: true,
  supports_group_request: false,
  supports_marks: false,
  supports_timescale_marks: false,
  supports_time: true,
};

/** Answers refusals in the protocol's words, under the status that any other path would give. */
export function withUdfErrors(read: Read): Read {
  return async (req) => {
    try {
      return await read(req);
    } catch (error) {
      const problem = problemOf(error, databaseProblem);
      if (problem.status === 500) throw error;
      return { refusal: problem, body: JSON.stringify({ s: "error", errmsg: problem.detail }) };
    }
  };
}

/** `GET /udf/config`. */
export const getUdfConfig: Read = async (req) => {
  refuseQuery(req.url ?? "");
  return { body: JSON.stringify(CONFIG) };
};

/** `GET /udf/time`. */
export const getUdfTime: Read = async (req) => {
  refuseQuery(req.url ?? "");
  return { body: String(Math.floor(nowUs() / US_PER_SECOND)), contentType: "text/plain; charset=utf-8" };
};

/** `GET /udf/symbols`. */
export function getUdfSymbol({ pages, sessions }: BarDependencies): Read {
  return async (req) => {
    const symbol = normalizeSymbol(readQuery(UdfSymbolQuery, req.url ?? "").symbol) ?? "";
    const session = sessions.of(symbol);
    const { bars } = await pages.last({
      ...{ symbol, interval: "1m", boundary: sessionBoundary(session) },
      ...{ fromUs: FIRST_BUCKET_US, toUs: nowUs(), limit: SAMPLE_MINUTES },
    });
    if (bars.bucketUs.length === 0) throw new Problem("not_found", "unknown_symbol");
    return { body: JSON.stringify(symbolInfo(symbol, session, bars)) };
  };
}

/** `GET /udf/search`: symbols that begin with what was typed, then those that hold it elsewhere. */
export function getUdfSearch({ reader, sessions }: BarDependencies): Read {
  return async (req) => {
    const { query = "", type = "", exchange = "", limit = SEARCH_DEFAULT } = readQuery(UdfSearchQuery, req.url ?? "");
    const typed = query.toUpperCase().replace("/", "");
    const symbols = (await reader.read((sql) => readSymbols(sql, nowUs()))).map(({ symbol }) => symbol);
    const beginning = symbols.filter((symbol) => symbol.startsWith(typed));
    const holding = symbols.filter((symbol) => symbol.includes(typed) && !symbol.startsWith(typed));
    const found = [...beginning, ...holding].map((symbol) => ({
      ...{ symbol, full_name: symbol, description: symbol, exchange: EXCHANGE, ticker: symbol },
      type: symbolType(sessions.of(symbol)),
    }));
    const wanted = found.filter((row) => [row.type, ""].includes(type) && [EXCHANGE, ""].includes(exchange));
    return { body: JSON.stringify(wanted.slice(0, Number(limit))) };
  };
}

/** `GET /udf/history`. */
export function getUdfHistory({ pages, sessions }: BarDependencies): Read {
  return async (req) => {
    const query = readQuery(UdfHistoryQuery, req.url ?? "");
    return { body: JSON.stringify(await readHistory(query, pages, sessions)) };
  };
}
