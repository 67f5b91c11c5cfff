import type { IncomingMessage } from "node:http";
import type { Transform } from "node:stream";
import { promisify } from "node:util";
import { brotliCompress, constants, createBrotliCompress, createGzip, gzip } from "node:zlib";
import Negotiator from "negotiator";
import type { BodyPart } from "./answer.js";
import { deflatedPart, gzipMember, isStored } from "./gzip-member.js";

/** Encodings of an answer, the preferred first: bars become 8 % of their size, the smallest with brotli. */
const ENCODINGS = ["br", "gzip"] as const;
export type Encoding = (typeof ENCODINGS)[number];
/** Blocks that are kept compressed are gzip's, and cost nothing to send. */
const KEPT_ENCODINGS = ["gzip", "br"] as const;

/** What fits into one packet is not worth an encoding. */
const BYTES_MIN = 1400;
/**
 * 10,000 bars, 1.4 MB of JSON, take brotli 4 ms and gzip 6 ms of one core at these levels; the next ones cost twice that for a
 * tenth of the size.
 */
const BROTLI_QUALITY = 2;
const GZIP_LEVEL = 4;
/** Answers compressed at once, some 16 MB; others are sent as they are meanwhile. */
const RUNNING_MAX = 8;

/** 256 kB are looked back at while an answer is made page by page: brotli's own choice would hold 8 MB as long as a reader takes. */
const STREAMED_WINDOW_BITS = 18;

const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } };
const STREAMED_BROTLI = { params: { ...BROTLI.params, [constants.BROTLI_PARAM_LGWIN]: STREAMED_WINDOW_BITS } };
const GZIP = { level: GZIP_LEVEL };
const withBrotli = promisify(brotliCompress);
const withGzip = promisify(gzip);

/** @param length of the body, in bytes */
export function isWorthEncoding(length: number): boolean {
  return length >= BYTES_MIN;
}

/**
 * The encoding a client takes, if it takes one.
 *
 * @param isKept whether the body is kept compressed
 */
export function encodingOf(req: IncomingMessage, isKept = false): Encoding | undefined {
  if (req.headers["accept-encoding"] === undefined) return undefined;
  const accepted = new Negotiator(req).encodings([...ENCODINGS]);
  return (isKept ? KEPT_ENCODINGS : ENCODINGS).find((encoding) => accepted.includes(encoding));
}

/** Compresses whole answers off the main thread, a bounded number at once. */
export class Compressor {
  #running = 0;

  /**
   * @returns the encoded body in pieces; undefined when so many are compressed already that it is better sent as it is
   */
  async compress(parts: readonly BodyPart[], encoding: Encoding): Promise<readonly Buffer[] | undefined> {
    if (encoding === "gzip" && parts.every(isAtHand)) return gzipped(parts);
    if (this.#running >= RUNNING_MAX) return undefined;
    this.#running += 1;
    try {
      if (encoding === "br") return [await withBrotli(joined(parts), BROTLI)];
      return parts.some(isAtHand) ? await gzipped(parts) : [await withGzip(joined(parts), GZIP)];
    } finally {
      this.#running -= 1;
    }
  }
}

function isAtHand({ raw, kept }: BodyPart): boolean {
  return kept !== undefined || isStored(raw);
}

/** Only what is not kept compressed has to be. */
async function gzipped(parts: readonly BodyPart[]): Promise<readonly Buffer[]> {
  return gzipMember(await Promise.all(parts.map(({ raw, kept }) => kept ?? deflatedPart(raw))));
}

function joined(parts: readonly BodyPart[]): Buffer {
  return Buffer.concat(parts.map(({ raw }) => raw));
}

/** Compresses what is piped through it. */
export function compressing(encoding: Encoding): Transform {
  return encoding === "br" ? createBrotliCompress(STREAMED_BROTLI) : createGzip(GZIP);
}
