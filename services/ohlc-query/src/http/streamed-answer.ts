import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { PassThrough, Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { cutOff, LoopTurns, Problem } from "@fx-ohlc/service-kit";
import type { MakePiece } from "../formats/table-text.js";
import { compressing, encodingOf } from "./compression.js";
import { REVALIDATED } from "./headers.js";
import type { ReadDeadline } from "./read-deadline.js";
import { ReadingPace } from "./reading-pace.js";

/** An answer of any length, made while it is read. */
export interface StreamedAnswer {
  readonly pieces: AsyncGenerator<MakePiece>;
  readonly contentType: string;
}

/** Answers under way at once: each holds a page or two of rows, some 3 MB. */
const STREAMS_MAX = 20;
/** So many places are a caller's own. One who has more gives the slowest of his up to somebody who has fewer, as soon as he asks. */
const OWN_MAX = 5;

/** An answer under way. */
interface Stream {
  readonly res: ServerResponse;
  /** Aborted when there is a reason to end. */
  readonly signal: AbortSignal;
  readonly caller: string;
  readonly pace: ReadingPace;
}

/** nginx ends an answer that was cut off in good order, which shows only where its length is known: see {@link refuseUncut}. */
const BY_OLD_PROTOCOL = /(^|,)\s*1\.0 [^,]*$/;

/**
 * Sends answers of any length in bounded memory: the next rows are read from the database when the client has taken those
 * before them, and between two reads nothing is held there.
 *
 * Texts are made one at a time, in turns of the event loop, so that short answers are served between them however many long ones
 * there are.
 *
 * A reader may pause. When all places are taken and another answer is asked for, one gives his up who takes less than 64 kB/s over a
 * minute, and one whose caller has more than five places to a caller who has fewer. After ten minutes without a byte a reader is cut, as
 * on every connection, in any case. What ends early, for whatever reason, is cut off by a reset.
 */
export class AnswerStreams {
  readonly #streams = new Set<Stream>();
  readonly #turns = new LoopTurns();

  /** @throws Problem 503 when too many are under way; whatever the first rows fail with */
  async send(
    req: IncomingMessage,
    res: ServerResponse,
    { pieces, contentType }: StreamedAnswer,
    deadline: ReadDeadline,
  ): Promise<void> {
    refuseUncut(req);
    this.#makeRoom(deadline.caller);
    const aborter = new AbortController();
    deadline.onEnd((reason) => aborter.abort(reason));
    const { signal } = aborter;
    const stream: Stream = { res, signal, caller: deadline.caller, pace: new ReadingPace(performance.now()) };
    this.#streams.add(stream);
    try {
      // Before the head is sent: what fails here is still answered with a problem.
      const first = await pieces.next();
      const encoding = encodingOf(req);
      res.writeHead(200, {
        "Content-Type": contentType,
        ...REVALIDATED,
        ...(encoding === undefined ? {} : { "Content-Encoding": encoding }),
      });
      if (req.method === "HEAD") res.end();
      else {
        const encoder = encoding === undefined ? new PassThrough() : compressing(encoding);
        const source = Readable.from(this.#texts(first, pieces, deadline), { objectMode: false, highWaterMark: 1 });
        await pipeline(source, encoder, (encoded) => write(encoded, stream));
      }
    } finally {
      this.#streams.delete(stream);
      await pieces.return(undefined);
    }
  }

  /** All texts; to read for each may take the whole time of a request, and neither the reader's pauses nor its turn take any of it. */
  async *#texts(
    first: IteratorResult<MakePiece, unknown>,
    rest: AsyncGenerator<MakePiece>,
    deadline: ReadDeadline,
  ): AsyncGenerator<string | Buffer> {
    for (let next = first; next.done !== true; next = await rest.next()) {
      deadline.pause();
      await this.#turns.next();
      yield next.value();
      deadline.restart();
    }
  }

  /** @throws Problem 503 when nobody gives his place up */
  #makeRoom(caller: string): void {
    if (this.#streams.size < STREAMS_MAX) return;
    const nowMs = performance.now();
    const rate = ({ pace }: Stream) => pace.bytesPerS(nowMs);
    const [slowest] = this.#yielding(caller, nowMs).sort((a, b) => rate(a) - rate(b));
    if (slowest === undefined) throw new Problem("unavailable", "Too many long answers are under way.");
    this.#streams.delete(slowest);
    cutOff(slowest.res);
  }

  /** Those that give their places up to a caller, if he needs one. */
  #yielding(caller: string, nowMs: number): Stream[] {
    const counts = new Map<string, number>();
    for (const stream of this.#streams) counts.set(stream.caller, (counts.get(stream.caller) ?? 0) + 1);
    const hasFewer = (counts.get(caller) ?? 0) < OWN_MAX;
    return [...this.#streams].filter(
      ({ caller: holder, pace }) => (hasFewer && (counts.get(holder) ?? 0) > OWN_MAX) || pace.isSlow(nowMs),
    );
  }
}

async function write(encoded: AsyncIterable<Buffer>, { res, signal, pace }: Stream): Promise<void> {
  for await (const bytes of encoded) {
    if (!res.write(bytes)) await once(res, "drain", { signal });
    pace.note(bytes.length, performance.now());
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
