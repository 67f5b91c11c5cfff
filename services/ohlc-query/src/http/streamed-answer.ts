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
  readonly chunks: AsyncGenerator<string | Buffer>;
  readonly contentType: string;
}

/** Answers under way at once: each holds a page or two of rows, some 3 MB. */
const STREAMS_MAX = 20;
/** A reader that has taken nothing for so long loses its place to another who needs it, ms. */
const PAUSE_KEPT_MS = 60_000;
/**
 * So many places are a caller's own. One who has more gives the slowest of his up to somebody who has fewer, once that has taken
 * nothing for so long.
 */
const OWN_MAX = 5;
const PAUSE_KEPT_BEYOND_MS = 1000;
/** A reader that takes less than this over its whole answer, looked at after some time, counts as one that pauses. */
const RATE_MIN_BYTES_PER_S = 8 * 1024;
const RATE_KNOWN_AFTER_MS = 10_000;

/** An answer under way. */
interface Stream {
  readonly res: ServerResponse;
  /** Aborted when there is a reason to end. */
  readonly signal: AbortSignal;
  readonly caller: string;
  readonly startedMs: number;
  takenBytes: number;
  /** Since when its reader has taken nothing of what waits for it. */
  pausedSinceMs: number | undefined;
}

/** nginx ends an answer that was cut off in good order, which shows only where its length is known: see {@link refuseUncut}. */
const BY_OLD_PROTOCOL = /(^|,)\s*1\.0 [^,]*$/;

/**
 * Sends answers of any length in bounded memory: the next rows are read from the database when the client has taken those
 * before them, and between two reads nothing is held there.
 *
 * A reader may pause. After a minute it loses its place when all places are taken and another answer is asked for, and so does
 * one that takes less than 8 kB/s for longer than that; a caller who has more than five loses them sooner to one who has fewer.
 * After ten minutes without a byte it is cut, as on every connection, in any case. What ends early, for whatever reason, is cut off by a reset.
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
    this.#makeRoom(deadline.caller);
    const aborter = new AbortController();
    deadline.onEnd((reason) => aborter.abort(reason));
    const stream: Stream = {
      res,
      signal: aborter.signal,
      caller: deadline.caller,
      startedMs: performance.now(),
      takenBytes: 0,
      pausedSinceMs: undefined,
    };
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

  /** @throws Problem 503 when nobody loses his place */
  #makeRoom(caller: string): void {
    if (this.#streams.size < STREAMS_MAX) return;
    const nowMs = performance.now();
    const longest = this.#losing(caller).sort((a, b) => pausedMs(b, nowMs) - pausedMs(a, nowMs))[0];
    if (longest === undefined) throw new Problem("unavailable", "Too many long answers are under way.");
    this.#streams.delete(longest);
    cutOff(longest.res);
  }

  /** Those that lose their places to a caller, if he needs one. */
  #losing(caller: string): Stream[] {
    const nowMs = performance.now();
    const counts = new Map<string, number>();
    for (const stream of this.#streams) counts.set(stream.caller, (counts.get(stream.caller) ?? 0) + 1);
    const own = counts.get(caller) ?? 0;
    const isBeyond = (stream: Stream) => own < OWN_MAX && (counts.get(stream.caller) ?? 0) > OWN_MAX;
    return [...this.#streams].filter(
      (stream) =>
        pausedMs(stream, nowMs) >= (isBeyond(stream) ? PAUSE_KEPT_BEYOND_MS : PAUSE_KEPT_MS) ||
        isTooSlow(stream, nowMs),
    );
  }
}

/** How long its reader has taken nothing. */
function pausedMs({ pausedSinceMs }: Stream, nowMs: number): number {
  return pausedSinceMs === undefined ? 0 : nowMs - pausedSinceMs;
}

/** Whether its reader waits again and again, and takes a little in between. */
function isTooSlow({ startedMs, takenBytes, pausedSinceMs }: Stream, nowMs: number): boolean {
  const tookMs = nowMs - startedMs;
  const isSlow = takenBytes * 1000 < RATE_MIN_BYTES_PER_S * tookMs;
  return pausedSinceMs !== undefined && tookMs >= PAUSE_KEPT_MS + RATE_KNOWN_AFTER_MS && isSlow;
}

/** All chunks; each may take the whole time of a request, and the reader's pauses between them take none of it. */
async function* timed(
  first: IteratorResult<string | Buffer, unknown>,
  rest: AsyncGenerator<string | Buffer>,
  deadline: ReadDeadline,
): AsyncGenerator<string | Buffer> {
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
    stream.takenBytes += bytes.length;
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
