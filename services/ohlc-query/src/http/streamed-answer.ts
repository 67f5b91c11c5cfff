import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { cutOff, Problem } from "@fx-ohlc/service-kit";
import type { Piece } from "../formats/table-text.js";
import { compressing, encodingOf } from "./compression.js";
import { REVALIDATED } from "./headers.js";
import type { PageTurns } from "./page-turns.js";
import type { ReadDeadline } from "./read-deadline.js";
import { ReadingPace } from "./reading-pace.js";

/** An answer of any length, made while it is read. */
export interface StreamedAnswer {
  readonly pieces: AsyncGenerator<Piece>;
  readonly contentType: string;
}

/** Answers under way at once. Each holds a page, its rows and its text, some 1 MB, and 1 MB more when it is compressed, whoever reads it. */
const PLACES_MAX = 100;
/** So long a reader keeps its place where all callers have equally few. */
const FAIR_MS = 10_000;

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
 * before them, and between two reads nothing is held there. Texts are made in turns: see {@link PageTurns}.
 *
 * A reader may take its time as long as there are places. When all are taken, whoever asks for another gets one from the caller who has
 * the most, whose slowest reader gives way: at once where that caller keeps more than the other has, and after 10 s with its place where
 * he has one more, as when each has one. Besides, who takes less than 64 kB/s over a minute gives way to anybody. After ten minutes
 * without a byte a reader is cut, as on every connection, in any case. What ends early, for whatever reason, is cut off by a reset.
 */
export class AnswerStreams {
  readonly #streams = new Set<Stream>();

  constructor(
    private readonly pages: PageTurns,
    private readonly placesMax = PLACES_MAX,
  ) {}

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
        const pages = this.#texts(first, pieces, deadline);
        if (encoding === undefined) await write(pages, stream);
        else await pipeline(pages, compressing(encoding), (encoded) => write(encoded, stream));
      }
    } finally {
      this.#streams.delete(stream);
      await pieces.return(undefined);
    }
  }

  /** All texts; to read for each may take the whole time of a request, and neither the reader's pauses nor its turn take any of it. */
  async *#texts(
    first: IteratorResult<Piece, unknown>,
    rest: AsyncGenerator<Piece>,
    deadline: ReadDeadline,
  ): AsyncGenerator<Buffer> {
    for (let next = first; next.done !== true; next = await rest.next()) {
      deadline.pause();
      yield await this.pages.make(next.value, next === first, deadline);
      deadline.restart();
    }
  }

  /** @throws Problem 503 when nobody gives his place up */
  #makeRoom(caller: string): void {
    if (this.#streams.size < this.placesMax) return;
    const nowMs = performance.now();
    const rate = ({ pace }: Stream) => pace.bytesPerS(nowMs);
    const [slowest] = this.#yielding(caller, nowMs).sort((a, b) => rate(a) - rate(b));
    if (slowest === undefined) throw new Problem("unavailable", "Too many long answers are under way.");
    this.#streams.delete(slowest);
    cutOff(slowest.res);
  }

  /** Those that give their places up to a caller who asks for one. */
  #yielding(caller: string, nowMs: number): Stream[] {
    const counts = new Map<string, number>();
    for (const { caller: holder } of this.#streams) counts.set(holder, (counts.get(holder) ?? 0) + 1);
    const most = Math.max(...counts.values());
    const fewer = most - (counts.get(caller) ?? 0);
    const fairMs = fewer > 1 ? 0 : FAIR_MS;
    const yields = ({ caller: holder, pace }: Stream) =>
      fewer > 0 && counts.get(holder) === most && nowMs - pace.startedMs >= fairMs;
    return [...this.#streams].filter((stream) => yields(stream) || stream.pace.isSlow(nowMs));
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
