import type { IncomingMessage } from "node:http";
import { type BarFormat, type FileFormat, type Format, isTimezone, zoneName } from "@fx-ohlc/schemas";
import { malformed } from "@fx-ohlc/service-kit";
import { isFileFormat, type Output } from "../formats/table-body.js";
import { formatOf } from "./media-type.js";

/** How the answer to a query is to be written. */
interface OutputParameters<F extends BarFormat> {
  readonly format?: F | FileFormat;
  readonly tz?: string;
}

/** @throws Problem 400 for a zone that is none, or that the format has no place for; 406 when no format is acceptable */
export function outputOf<F extends BarFormat>(
  req: IncomingMessage,
  query: OutputParameters<F>,
): Output & { readonly format: F | Format | FileFormat } {
  const format = formatOf(req, query.format);
  return { format, zone: query.tz === undefined ? undefined : zoneFor(format, query.tz) };
}

/** @returns undefined for UTC, of which times are anyway */
function zoneFor(format: BarFormat | FileFormat, tz: string): string | undefined {
  const refuse = (message: string) => malformed([{ field: "tz", message }]);
  if (!isTimezone(tz)) throw refuse("must be an IANA time zone such as America/New_York");
  const zone = zoneName(tz);
  if (format === "csv" || isFileFormat(format)) return zone === "UTC" ? undefined : zone;
  throw refuse(`is for csv, parquet and arrow, not for ${format}, whose times are in UTC`);
}
