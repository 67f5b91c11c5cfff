import type { IncomingMessage } from "node:http";
import { Problem } from "@fx-ohlc/service-kit";

/** Bytes [from, to) of a body. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

const ONE_RANGE = /^bytes=\s*(\d*)-(\d*)\s*$/i;

/**
 * The part of a body that a request asks for (RFC 9110 §14): programs that read Parquet by a URL ask for its end first. Several
 * ranges, what is malformed, and a part of a body that is another one by now are answered with the whole.
 *
 * @returns undefined: all of it
 * @throws Problem 416 when it has no such bytes
 */
export function byteRangeOf({ headers }: IncomingMessage, tag: string, length: number): ByteRange | undefined {
  const { range, "if-range": condition } = headers;
  const [whole, first = "", last = ""] = ONE_RANGE.exec(range ?? "") ?? [];
  if (whole === undefined || first + last === "" || (condition !== undefined && condition !== tag)) return undefined;
  if (first !== "" && last !== "" && Number(last) < Number(first)) return undefined;
  const from = first === "" ? Math.max(0, length - Number(last)) : Number(first);
  const to = first === "" || last === "" ? length : Math.min(length, Number(last) + 1);
  if (from < to) return { from, to };
  const detail = `The answer has ${length} bytes, and none of these.`;
  throw new Problem("range_not_satisfiable", detail, { headers: { "Content-Range": `bytes */${length}` } });
}

/** The bytes of a range of a body in pieces, none of them copied. */
export function piecesWithin(pieces: readonly Buffer[], { from, to }: ByteRange): Buffer[] {
  const within: Buffer[] = [];
  let at = 0;
  for (const piece of pieces) {
    const part = piece.subarray(Math.max(0, from - at), Math.max(0, to - at));
    if (part.length > 0) within.push(part);
    at += piece.length;
  }
  return within;
}
