import { createServer } from "node:http";
import { listening } from "./listening.js";

/** Says what ohlc-query says of its database, and nothing else: for tests that need no bars. */
export interface QueryStub {
  readonly url: string;
  /** The database it speaks of. */
  identity: { stream_namespace: string; incarnation: string };
  /** Whether it answers at all. */
  isAway: boolean;
  /** How often it was asked. */
  asked: number;
  stop(): Promise<void>;
}

/** Starts one on a port of its own. */
export async function queryStub(): Promise<QueryStub> {
  const server = createServer((request, response) => {
    stub.asked += 1;
    const isKnown = request.url === "/internal/database";
    response.statusCode = stub.isAway ? 503 : isKnown ? 200 : 500;
    response.end(isKnown ? JSON.stringify(stub.identity) : "");
  });
  const stub: QueryStub = {
    url: await listening(server),
    identity: { stream_namespace: "", incarnation: "" },
    isAway: false,
    asked: 0,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return stub;
}
