import type { IncomingMessage, ServerResponse } from "node:http";
import { PassThrough, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { isNativeError } from "node:util/types";
import { Problem } from "@fx-ohlc/service-kit";
import { compressing, encodingOf } from "./compression.js";
import { REVALIDATED } from "./headers.js";

/** An answer of any length, made while it is read. */
export interface StreamedAnswer {
  readonly chunks: AsyncGenerator<string>;
  readonly contentType: string;
}

/** Answers under way at once: each holds a page or two of rows, some 3 MB. */
const STREAMS_MAX = 20;
/** A reader that takes nothing for so long has gone away without a word. */
const STALLED_MS = 60_000;

/**
 * Sends answers of any length in bounded memory: the next rows are read from the database when the client has taken those
 * before them, and between two reads nothing is held there.
 */
export class AnswerStreams {
  #running = 0;

  /** @throws Problem 503 when too many are under way; whatever the first rows fail with */
  async send(req: IncomingMessage, res: ServerResponse, { chunks, contentType }: StreamedAnswer): Promise<void> {
    if (this.#running >= STREAMS_MAX) throw new Problem("unavailable", "Too many long answers are under way.");
    this.#running += 1;
    try {
      // Before the head is sent: what fails here is still answered with a problem.
      const first = await chunks.next();
      const encoding = encodingOf(req);
      res.writeHead(200, {
        "Content-Type": contentType,
        ...REVALIDATED,
        ...(encoding === undefined ? {} : { "Content-Encoding": encoding }),
      });
      if (req.method === "HEAD") res.end();
      else await this.#pipe(res, first, chunks, encoding === undefined ? new PassThrough() : compressing(encoding));
    } finally {
      this.#running -= 1;
      await chunks.return(undefined);
    }
  }

  async #pipe(
    res: ServerResponse,
    first: IteratorResult<string, unknown>,
    rest: AsyncGenerator<string>,
    encoder: NodeJS.ReadWriteStream,
  ): Promise<void> {
    async function* all() {
      if (first.done !== true) yield first.value;
      yield* rest;
    }
    res.setTimeout(STALLED_MS, () => res.destroy());
    try {
      await pipeline(Readable.from(all(), { objectMode: false, highWaterMark: 1 }), encoder, res);
    } catch (error) {
      // A client that went away asks for nothing more; any other failure cuts the answer off, which its reader notices.
      if (!isPrematureClose(error)) throw error;
    }
  }
}

function isPrematureClose(error: unknown): boolean {
  return isNativeError(error) && "code" in error && error.code === "ERR_STREAM_PREMATURE_CLOSE";
}
