import type { IncomingMessage } from "node:http";
import { MEDIA_TYPES } from "@fx-ohlc/contract";
import type { BarFormat, FileFormat, Format } from "@fx-ohlc/schemas";
import { Problem } from "@fx-ohlc/service-kit";
import Negotiator from "negotiator";

/** What each format is called in `Content-Type`. */
export const CONTENT_TYPES: Readonly<Record<BarFormat | FileFormat, string>> = {
  json: `${MEDIA_TYPES.json}; charset=utf-8`,
  csv: `${MEDIA_TYPES.csv}; charset=utf-8; header=present`,
  ndjson: MEDIA_TYPES.ndjson,
  columns: MEDIA_TYPES.columns,
  parquet: MEDIA_TYPES.parquet,
  arrow: MEDIA_TYPES.arrow,
  ccxt: `${MEDIA_TYPES.json}; charset=utf-8`,
};

/** What `Accept` may ask for, the preferred first; ccxt's candles have no type of their own. */
const ACCEPTED: Readonly<Record<string, Format | FileFormat>> = {
  [MEDIA_TYPES.json]: "json",
  [MEDIA_TYPES.csv]: "csv",
  [MEDIA_TYPES.ndjson]: "ndjson",
  [MEDIA_TYPES.columns]: "columns",
  [MEDIA_TYPES.parquet]: "parquet",
  [MEDIA_TYPES.arrow]: "arrow",
  // Names that never were registered, or came later.
  "application/csv": "csv",
  "application/ndjson": "ndjson",
  "application/jsonl": "ndjson",
  "application/jsonlines": "ndjson",
};

/** Without the parameters of media types but `q`: `text/csv; charset=utf-8` asks for CSV. */
function withoutParameters(accept: string): string {
  const ranges = accept.split(",").map((range) => {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim());
    return [type, ...parameters.filter((parameter) => /^q\s*=/i.test(parameter))].join(";");
  });
  return ranges.filter((range) => range !== "").join(",");
}

const SHOWN = Object.values(MEDIA_TYPES).join(", ");

/**
 * The format of an answer: the one that the query names, whatever `Accept` says; else the one that `Accept` prefers; JSON for
 * those who take anything.
 *
 * @throws Problem 406 when `Accept` takes none of them
 */
export function formatOf<F extends BarFormat>(
  req: IncomingMessage,
  named: F | FileFormat | undefined,
): F | Format | FileFormat {
  if (named !== undefined) return named;
  // Spares the common case the parsing.
  if (req.headers.accept === "*/*") return "json";
  const accept = withoutParameters(req.headers.accept ?? "");
  if (accept === "") return "json";
  const format = ACCEPTED[new Negotiator({ headers: { accept } }).mediaType(Object.keys(ACCEPTED)) ?? ""];
  if (format !== undefined) return format;
  throw new Problem("not_acceptable", `Answers come as ${SHOWN}: accept one of them.`);
}
