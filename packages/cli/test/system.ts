import { createServer, request, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { pipeline } from "node:stream";
import { startService, type TestService } from "@fx-ohlc/testkit";
import { startWriteSide, type WriteSide } from "./write-side.js";

/** The three services behind one address, as users have them. */
export interface System extends Omit<WriteSide, "url"> {
  readonly url: string;
  readonly gateway: TestService;
}

/** @throws Error when a part does not start; the others have been stopped then */
export async function startSystem(): Promise<System> {
  const stops: (() => Promise<void> | void)[] = [];
  const stop = async () => {
    for (const stopPart of stops.reverse()) await stopPart();
  };
  try {
    const write = await startWriteSide();
    stops.push(write.stop);
    const env = { DATABASE_URL: write.databaseUrl, REDIS_URL: write.redis.url, LOG_LEVEL: "error" };
    const query = await startService({ name: "ohlc-query", env });
    stops.push(() => query.stop());
    const gateway = await startService({ name: "stream-gateway", env: { ...env, OHLC_QUERY_URL: query.url } });
    stops.push(() => gateway.stop());
    const edge = await startEdge({ write: write.service, read: query, stream: gateway });
    stops.push(() => {
      edge.close();
      edge.closeAllConnections();
    });
    return { ...write, gateway, url: `http://127.0.0.1:${(edge.address() as AddressInfo).port}`, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Reads go to one service, writes to another, WebSockets to the third. */
async function startEdge(services: Record<"write" | "read" | "stream", { readonly port: number }>): Promise<Server> {
  const host = "127.0.0.1";
  const edge = createServer((incoming, outgoing) => {
    const { port } = incoming.method === "GET" ? services.read : services.write;
    const { method, headers, url: path } = incoming;
    const forwarded = request({ host, port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      pipeline(answer, outgoing, () => {});
    });
    forwarded.on("error", () => outgoing.destroy());
    pipeline(incoming, forwarded, () => {});
  });
  edge.on("upgrade", ({ url, rawHeaders }, socket) => {
    const upstream = connect(services.stream.port, host, () => {
      const lines = rawHeaders.flatMap((name, index) => (index % 2 === 0 ? [`${name}: ${rawHeaders[index + 1]}`] : []));
      upstream.write(`GET ${url} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
    });
    pipeline(socket, upstream, socket, () => {});
  });
  await new Promise<void>((resolve) => edge.listen(0, host, resolve));
  return edge;
}
