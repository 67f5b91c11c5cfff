import type { IncomingMessage } from "node:http";
import { MEDIA_TYPES } from "@fx-ohlc/contract";
import type { BarFormat, Format } from "@fx-ohlc/schemas";
import { Problem } from "@fx-ohlc/service-kit";
import Negotiator from "negotiator";

/** What each format is called in `Content-Type`. */
export const CONTENT_TYPES: Readonly<Record<BarFormat, string>> = {
  json: `${MEDIA_TYPES.json}; charset=utf-8`,
  csv: `${MEDIA_TYPES.csv}; charset=utf-8; header=present`,
  ndjson: MEDIA_TYPES.ndjson,
  columns: MEDIA_TYPES.columns,
  ccxt: `${MEDIA_TYPES.json}; charset=utf-8`,
};

/** What `Accept` may ask for, the preferred first; ccxt's candles have no type of their own. */
const ACCEPTED: Readonly<Record<string, Format>> = {
  [MEDIA_TYPES.json]: "json",
  [MEDIA_TYPES.csv]: "csv",
  [MEDIA_TYPES.ndjson]: "ndjson",
  [MEDIA_TYPES.columns]: "columns",
};

/**
 * The format of an answer: the one that the query names, whatever `Accept` says; else the one that `Accept` prefers; JSON for
 * those who take anything.
 *
 * @throws Problem 406 when `Accept` takes none of them
 */
export function formatOf<F extends BarFormat>(req: IncomingMessage, named: F | undefined): F | Format {
  if (named !== undefined) return named;
  const { accept = "*/*" } = req.headers;
  // Spares the common case the parsing.
  if (accept === "*/*") return "json";
  const format = ACCEPTED[new Negotiator(req).mediaType(Object.keys(ACCEPTED)) ?? ""];
  if (format !== undefined) return format;
  throw new Problem("not_acceptable", `Answers come as ${Object.keys(ACCEPTED).join(", ")}: accept one of them.`);
}
