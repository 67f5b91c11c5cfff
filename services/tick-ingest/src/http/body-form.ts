import type { IncomingMessage } from "node:http";
import { Problem } from "@fx-ohlc/service-kit";

/** How the bytes of a body are to be taken. */
export interface BodyForm {
  /** Lower case, without parameters, and by its usual name. */
  readonly mediaType: string;
  readonly isGzip: boolean;
  /** Of an encoding that is not UTF-8, in which ASCII is: as long as there is nothing else in it, it is UTF-8 too. */
  readonly isAscii: boolean;
}

/** What is taken besides JSON that is not compressed. */
export interface AcceptedForms {
  readonly mediaTypes: readonly string[];
  readonly gzip?: boolean;
}

/** Names that never were registered, or came later. */
const USUAL_NAMES: Readonly<Record<string, string>> = {
  "application/ndjson": "application/x-ndjson",
  "application/jsonl": "application/x-ndjson",
  "application/jsonlines": "application/x-ndjson",
  "application/x-jsonlines": "application/x-ndjson",
  "application/csv": "text/csv",
};

const UTF_8: ReadonlySet<string> = new Set(["", "utf-8", "utf8", "us-ascii", "ascii"]);
/** In these not even ASCII is. */
const WIDE = /^(utf|ucs|unicode|iso-10646)/;
const CHARSET = /;\s*charset\s*=\s*"?([^";\s]*)/i;

/**
 * Reads the head of a request for what its body is.
 *
 * @throws Problem 415 when it is not accepted, or no UTF-8
 */
export function bodyForm({ headers }: IncomingMessage, { mediaTypes, gzip = false }: AcceptedForms): BodyForm {
  const contentType = headers["content-type"] ?? "";
  const sent = contentType.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  const mediaType = USUAL_NAMES[sent] ?? sent;
  const isGzip = isGzipped(headers["content-encoding"]?.trim().toLowerCase() ?? "", gzip);
  if (mediaTypes.length > 0 && !mediaTypes.includes(mediaType)) {
    const shown = sent === "" ? "without a Content-Type" : sent;
    throw unsupported(`the body must be ${mediaTypes.join(", ")}, not ${shown}`);
  }
  const charset = CHARSET.exec(contentType)?.[1]?.toLowerCase() ?? "";
  if (WIDE.test(charset) && !UTF_8.has(charset)) throw notUtf8(charset);
  return { mediaType, isGzip, isAscii: !UTF_8.has(charset) };
}

function isGzipped(encoding: string, isAccepted: boolean): boolean {
  if (encoding === "" || encoding === "identity") return false;
  if (isAccepted && (encoding === "gzip" || encoding === "x-gzip")) return true;
  const rule = isAccepted ? "may be gzip and nothing else" : "must not be encoded";
  throw unsupported(`the body ${rule}, and this one is ${encoding}`);
}

function unsupported(detail: string): Problem {
  return new Problem("unsupported_media_type", detail);
}

/** @param encoding as far as it is known */
export function notUtf8(encoding: string): Problem {
  return unsupported(`send UTF-8: this body is ${encoding}`);
}

/** @throws Problem 415 when bytes of the beginning of a body say that it is UTF-16, as PowerShell writes it */
export function refuseUtf16(bytes: Uint8Array, from = 0): void {
  const [first, second] = [bytes[from], bytes[from + 1]];
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) throw notUtf8("UTF-16");
}

/** MetaTrader ends texts with NUL; whoever sends a buffer that is not full sends some more. */
const NULS_MAX = 1024;

/** Where bytes end without the NULs after them. */
export function endBeforeNuls(bytes: Uint8Array): number {
  const least = bytes.length - NULS_MAX;
  let end = bytes.length;
  while (end > least && end > 0 && bytes[end - 1] === 0) end -= 1;
  return end;
}

const MARK_BYTES = 3;

/** Where bytes begin after the byte order mark that .NET writes before UTF-8. */
export function startAfterMark(bytes: Uint8Array, from = 0): number {
  const isMarked = bytes[from] === 0xef && bytes[from + 1] === 0xbb && bytes[from + 2] === 0xbf;
  return isMarked ? from + MARK_BYTES : from;
}
