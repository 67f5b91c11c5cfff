import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { PassThrough, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { cutOff, Problem } from "@fx-ohlc/service-kit";
import { compressing, encodingOf } from "./compression.js";
import { REVALIDATED } from "./headers.js";
import type { ReadDeadline } from "./read-deadline.js";

/** An answer of any length, made while it is read. */
export interface StreamedAnswer {
  readonly chunks: AsyncGenerator<string>;
  readonly contentType: string;
}

/** Answers under way at once: each holds a page or two of rows, some 3 MB. */
const STREAMS_MAX = 20;
/** A reader that has taken nothing for so long loses its place to another who needs it, ms. */
const PAUSE_KEPT_MS = 60_000;

/** An answer under way. */
interface Stream {
  readonly res: ServerResponse;
  /** Aborted when there is a reason to end. */
  readonly signal: AbortSignal;
  /** Since when its reader has taken nothing of what waits for it. */
  pausedSinceMs: number | undefined;
}

/** nginx ends an answer that was cut off in good order, which shows only where its length is known: see {@link refuseUncut}. */
const BY_OLD_PROTOCOL = /(^|,)\s*1\.0 [^,]*$/;

/**
 * Sends answers of any length in bounded memory: the next rows are read from the database when the client has taken those
 * before them, and between two reads nothing is held there.
 *
 * A reader may pause. After a minute it loses its place when all places are taken and another answer is asked for; after ten,
 * as on every connection, in any case. What ends early, for whatever reason, is cut off by a reset.
 */
export class AnswerStreams {
  readonly #streams = new Set<Stream>();

  /** @throws Problem 503 when too many are under way; whatever the first rows fail with */
  async send(
    req: IncomingMessage,
    res: ServerResponse,
    { chunks, contentType }: StreamedAnswer,
    deadline: ReadDeadline,
  ): Promise<void> {
    refuseUncut(req);
    this.#makeRoom();
    const aborter = new AbortController();
    deadline.onEnd((reason) => aborter.abort(reason));
    const stream: Stream = { res, signal: aborter.signal, pausedSinceMs: undefined };
    this.#streams.add(stream);
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
      else {
        const encoder = encoding === undefined ? new PassThrough() : compressing(encoding);
        const source = Readable.from(timed(first, chunks, deadline), { objectMode: false, highWaterMark: 1 });
        await pipeline(source, encoder, (encoded) => write(encoded, stream));
      }
    } finally {
      this.#streams.delete(stream);
      await chunks.return(undefined);
    }
  }

  #makeRoom(): void {
    if (this.#streams.size < STREAMS_MAX) return;
    const pauses = [...this.#streams].filter(({ pausedSinceMs }) => pausedSinceMs !== undefined);
    const [longest] = pauses.sort((a, b) => Number(a.pausedSinceMs) - Number(b.pausedSinceMs));
    if (longest?.pausedSinceMs === undefined || performance.now() - longest.pausedSinceMs < PAUSE_KEPT_MS) {
      throw new Problem("unavailable", "Too many long answers are under way.");
    }
    this.#streams.delete(longest);
    cutOff(longest.res);
  }
}

/** All chunks; each may take the whole time of a request, and the reader's pauses between them take none of it. */
async function* timed(
  first: IteratorResult<string, unknown>,
  rest: AsyncGenerator<string>,
  deadline: ReadDeadline,
): AsyncGenerator<string> {
  for (let next = first; next.done !== true; next = await rest.next()) {
    deadline.pause();
    yield next.value;
    deadline.restart();
  }
}

async function write(encoded: AsyncIterable<Buffer>, stream: Stream): Promise<void> {
  const { res, signal } = stream;
  for await (const bytes of encoded) {
    if (res.write(bytes)) continue;
    stream.pausedSinceMs = performance.now();
    await once(res, "drain", { signal });
    stream.pausedSinceMs = undefined;
  }
  res.end();
}

/** @throws Problem 505 when nobody could show the reader that the answer was cut off */
function refuseUncut({ headers: { via = "" } }: IncomingMessage): void {
  if (!BY_OLD_PROTOCOL.test(via)) return;
  throw new Problem(
    "http_version",
    "An answer of unknown length needs HTTP/1.1 here: ask with it, or for pages by a limit.",
  );
}
