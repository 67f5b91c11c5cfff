import type { IncomingMessage } from "node:http";
import { GatheredBytes, Problem } from "@fx-ohlc/service-kit";
import { type BodyBudget, type BodyShare, NO_ROOM } from "./body-budget.js";
import { ENDED_EARLY } from "./request-body.js";

/** What is taken ahead of its reader. */
const AHEAD_BYTES_MAX = 256 * 1024;

/**
 * A body that is read while it comes, everything that is there at a time. While nothing comes there is an empty piece now and
 * then, so that its reader sees that time passes. The sender is told to wait when it is ahead of the reader.
 */
export class StreamedBody implements AsyncIterable<Buffer> {
  /** For what its reader keeps of it, too, who closes it in the end. */
  readonly share: BodyShare;
  readonly #gathered = new GatheredBytes();
  #isOver = false;
  #problem: Problem | undefined;
  #wake: () => void = () => undefined;

  /** @param tickMs an empty piece comes after so long without another one */
  constructor(
    private readonly req: IncomingMessage,
    budget: BodyBudget,
    private readonly tickMs: number,
  ) {
    this.share = budget.open({ isPaced: false, giveUp: (problem) => this.#end(problem) });
  }

  /** @throws Problem 400 when the sender hangs up, 503 when there is no room */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    const { req } = this;
    const take = (piece: Buffer) => this.#take(piece);
    req.on("data", take);
    req.once("end", () => this.#end());
    for (const event of ["error", "aborted"]) req.once(event, () => this.#end(new Problem("malformed", ENDED_EARLY)));
    try {
      while (this.#gathered.length > 0 || !this.#isOver) {
        if (this.#gathered.length === 0) await this.#news();
        const bytes = this.#gathered.take();
        this.share.release(bytes.length);
        req.resume();
        if (bytes.length > 0 || !this.#isOver) yield bytes;
      }
      if (this.#problem !== undefined) throw this.#problem;
    } finally {
      req.off("data", take);
      // What is left is read and dropped once there is an answer.
      req.pause();
    }
  }

  #take(piece: Buffer): void {
    const { share } = this;
    share.arrived(piece.length);
    if (!share.hold(piece.length)) {
      this.#end(NO_ROOM);
      return;
    }
    this.#gathered.add(piece);
    if (this.#gathered.length >= AHEAD_BYTES_MAX) this.req.pause();
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
