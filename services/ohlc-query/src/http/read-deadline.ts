import type { ServerResponse } from "node:http";
import { type Caller, callerNetwork, Ending, endedToken, Problem, spanOf } from "@fx-ohlc/service-kit";

/** How long all reads of one request may take together: until its deadline passes, its client has left, or its token has ended. */
export class ReadDeadline extends Ending {
  #timer: NodeJS.Timeout | undefined;

  constructor(
    res: ServerResponse,
    private readonly ms: number,
    private readonly who: Pick<Caller, "isEnded">,
  ) {
    super(callerNetwork(res.req));
    const span = spanOf(res);
    if (span !== undefined) this.spans = [span];
    res.on("close", () => {
      this.pause();
      if (!res.writableFinished) this.end(new Error("the client has left"));
    });
    this.restart();
  }

  /** From now on there is all of the time again: for the next page of a streamed answer. */
  restart(): void {
    this.pause();
    if (this.who.isEnded) this.end(endedToken());
    this.#timer = setTimeout(() => this.end(new Problem("timeout", "the database took too long")), this.ms);
  }

  /** Nothing is read now, and the time does not run. */
  pause(): void {
    clearTimeout(this.#timer);
  }
}
