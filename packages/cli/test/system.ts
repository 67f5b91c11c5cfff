import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream";
import { startService, type TestService } from "@fx-ohlc/testkit";
import { startWriteSide, type WriteSide } from "./write-side.js";

/** The write and the read side behind one address, as users have them. */
export interface System extends Omit<WriteSide, "url"> {
  readonly url: string;
}

export async function startSystem(): Promise<System> {
  const write = await startWriteSide();
  const env = { DATABASE_URL: write.databaseUrl, LOG_LEVEL: "error" };
  const query = await startService({ name: "ohlc-query", env });
  const edge = await startEdge(write.service, query);
  return {
    ...write,
    url: `http://127.0.0.1:${(edge.address() as AddressInfo).port}`,
    stop: async () => {
      edge.closeAllConnections();
      edge.close();
      await query.stop();
      await write.stop();
    },
  };
}

/** Reads go to the one service, writes to the other. */
async function startEdge(write: TestService, read: TestService): Promise<Server> {
  const edge = createServer((incoming, outgoing) => {
    const { port } = incoming.method === "GET" ? read : write;
    const { method, headers, url: path } = incoming;
    const forwarded = request({ host: "127.0.0.1", port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      pipeline(answer, outgoing, () => {});
    });
    forwarded.on("error", () => outgoing.destroy());
    pipeline(incoming, forwarded, () => {});
  });
  await new Promise<void>((resolve) => edge.listen(0, "127.0.0.1", resolve));
  return edge;
}
