import { setTimeout as sleep } from "node:timers/promises";
import type { HttpConnection } from "./http-connection.js";

/** A timer's finest step, ms: at 1,000 requests/s one falls due in each. */
const STEP_MS = 1;

/** Sends requests at a fixed rate, whether or not answers come; one that finds no free connection waits as it was made. */
export class PacedSender {
  readonly #free: HttpConnection[];
  readonly #waiting: string[] = [];
  /** Rejects when a request is refused or a connection breaks. */
  readonly failed: Promise<never>;
  /** Makes {@link failed} reject: for whatever else must end the run. */
  fail: (error: unknown) => void = () => undefined;

  constructor(connections: readonly HttpConnection[]) {
    this.#free = [...connections];
    this.failed = new Promise((_, reject) => {
      this.fail = reject;
    });
    // Whoever races against it hears of it; before and after, nobody has to.
    this.failed.catch(() => undefined);
  }

  /**
   * Sends what `next` makes, each when it falls due.
   *
   * @returns how many were sent
   * @throws Error when one is refused
   */
  run(next: () => string, perSecond: number, forMs: number): Promise<number> {
    return Promise.race([this.#pace(next, perSecond, forMs), this.failed]);
  }

  async #pace(next: () => string, perSecond: number, forMs: number): Promise<number> {
    const startedMs = performance.now();
    const total = Math.floor((forMs * perSecond) / 1000);
    for (let sent = 0; sent < total; await sleep(STEP_MS)) {
      const due = Math.min(total, Math.floor(((performance.now() - startedMs) * perSecond) / 1000));
      for (; sent < due; sent += 1) this.#send(next());
    }
    return total;
  }

  /** Connections take turns: servers close one that is not used for a while. */
  #send(request: string): void {
    const connection = this.#free.shift();
    if (connection === undefined) this.#waiting.push(request);
    else this.#drive(connection, request).catch(this.fail);
  }

  async #drive(connection: HttpConnection, first: string): Promise<void> {
    for (let request: string | undefined = first; request !== undefined; request = this.#waiting.shift()) {
      const status = await connection.request(request);
      if (status !== 201) throw new Error(`${request.slice(0, request.indexOf(" HTTP"))} answered ${status}`);
    }
    this.#free.push(connection);
  }
}
