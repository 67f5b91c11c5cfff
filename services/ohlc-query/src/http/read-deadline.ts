import type { ServerResponse } from "node:http";
import { Problem } from "@fx-ohlc/service-kit";

/** How long all reads of one request may take together: until its deadline passes, or its client has left. */
export class ReadDeadline {
  readonly #controller = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  constructor(
    res: ServerResponse,
    private readonly ms: number,
  ) {
    res.once("close", () => {
      this.pause();
      if (!res.writableFinished) this.#controller.abort(new Error("the client has left"));
    });
    this.restart();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** From now on there is all of the time again: for the next page of a streamed answer. */
  restart(): void {
    this.pause();
    const pass = () => this.#controller.abort(new Problem("timeout", "the database took too long"));
    this.#timer = setTimeout(pass, this.ms);
  }

  /** Nothing is read now, and the time does not run. */
  pause(): void {
    clearTimeout(this.#timer);
  }
}
