import { isAscii } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { GatheredBytes, type Problem } from "@fx-ohlc/service-kit";
import { type BodyBudget, type BodyShare, NO_ROOM } from "./body-budget.js";
import { BodyBytes } from "./body-bytes.js";
import { type BodyForm, notUtf8 } from "./body-form.js";

/** What is taken ahead of its reader. */
const AHEAD_BYTES_MAX = 256 * 1024;

/**
 * A body that is read while it comes, everything that is there at a time. While nothing comes there is an empty piece now and
 * then, so that its reader sees that time passes. The sender is told to wait when it is ahead of the reader.
 */
export class StreamedBody implements AsyncIterable<Buffer> {
  /** For what its reader keeps of it, too, who closes it in the end. */
  readonly share: BodyShare;
  readonly #bytes: BodyBytes;
  readonly #gathered = new GatheredBytes();
  #isOver = false;
  #problem: Problem | undefined;
  #wake: () => void = () => undefined;

  /** @param tickMs an empty piece comes after so long without another one */
  constructor(
    private readonly req: IncomingMessage,
    private readonly form: BodyForm,
    budget: BodyBudget,
    private readonly tickMs: number,
  ) {
    this.#bytes = new BodyBytes(req, form.isGzip);
    this.share = budget.open({ isPaced: false, giveUp: (problem) => this.#end(problem) });
  }

  /** @throws Problem 400 when the sender hangs up or it does not unpack, 413 when that is too much, 415, 503 when there is no room */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    this.#bytes.read(
      (piece) => this.#take(piece),
      (problem) => this.#end(problem),
    );
    try {
      while (this.#gathered.length > 0 || !this.#isOver) {
        if (this.#gathered.length === 0) await this.#news();
        const bytes = this.#gathered.take();
        this.share.release(bytes.length);
        this.#bytes.stream.resume();
        if (bytes.length > 0 || !this.#isOver) yield bytes;
      }
      if (this.#problem !== undefined) throw this.#problem;
    } finally {
      this.#bytes.close();
      // What is left is read and dropped once there is an answer.
      this.req.pause();
    }
  }

  #take(piece: Buffer): void {
    const { share } = this;
    share.arrived(piece.length);
    const isUtf8 = !this.form.isAscii || isAscii(piece);
    if (!isUtf8 || !share.hold(piece.length)) {
      this.#end(isUtf8 ? NO_ROOM : notUtf8("of another encoding"));
      return;
    }
    this.#gathered.add(piece);
    if (this.#gathered.length >= AHEAD_BYTES_MAX) this.#bytes.stream.pause();
    this.#wake();
  }

  #end(problem?: Problem): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#problem = problem;
    this.#wake();
  }

  /** Resolves when something has come, or enough time has passed. */
  #news(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.tickMs);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = () => undefined;
        resolve();
      };
    });
  }
}
