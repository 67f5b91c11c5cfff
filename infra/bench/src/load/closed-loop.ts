import { setTimeout as sleep } from "node:timers/promises";
import { type HttpConnection, withConnections } from "./http-connection.js";
import type { Throughput } from "./jobs.js";
import { Stopwatch } from "./stopwatch.js";

export interface ClosedLoopOptions {
  readonly url: string;
  readonly connections: number;
  /** How long the server is kept busy before counting starts, and while it counts. */
  readonly warmUpMs: number;
  readonly measureMs: number;
  /** The status every answer must have: a server that refuses is fast. */
  readonly status: number;
  /** The next request, whichever connection is free. */
  next(): string;
}

/**
 * Keeps a server busy: every connection sends its next request as soon as it has its answer.
 *
 * @throws Error when a connection breaks or an answer has another status
 */
export async function closedLoop(options: ClosedLoopOptions): Promise<Throughput> {
  const { url, status, next } = options;
  const aborter = new AbortController();
  let answered = 0;
  const drive = async (connection: HttpConnection): Promise<void> => {
    while (!aborter.signal.aborted) {
      const got = await connection.request(next());
      if (got !== status) throw new Error(`${url} answered ${got} instead of ${status}`);
      answered += 1;
    }
  };
  return withConnections(url, options.connections, async (connections) => {
    const driven = Promise.all(connections.map(drive));
    await Promise.race([sleep(options.warmUpMs), driven]);
    const answeredBefore = answered;
    const stopwatch = new Stopwatch();
    await Promise.race([sleep(options.measureMs), driven]);
    const measured = { ...stopwatch.read(), answered: answered - answeredBefore };
    aborter.abort();
    await driven;
    return { ...measured, answeredInAll: answered };
  });
}
