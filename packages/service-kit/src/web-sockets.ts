import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import type { ConnectionEnds } from "./connection-ends.js";

export type UpgradeListener = (req: IncomingMessage, socket: Duplex, head: Buffer) => void;

/**
 * Takes WebSockets. Any other upgrade is ignored and its request answered (RFC 9110 §7.8): Java's HTTP client and `curl --http2`
 * offer HTTP/2 (`h2c`) with each request. Node 20 hands over the connection at any upgrade when it has a listener, so such a
 * request is put back without its offer; without a listener it answers the request and swallows what has come after it.
 *
 * @param accept absent where no WebSocket is taken
 */
export function takeWebSockets(server: Server, ends: ConnectionEnds, accept: UpgradeListener | undefined): void {
  server.on("upgrade", (req, socket, head) => {
    const isWebSocket = req.method === "GET" && req.headers.upgrade?.toLowerCase() === "websocket";
    if (isWebSocket && accept !== undefined) return accept(req, socket, head);
    void ends.answered(socket).then(() => {
      if (socket.destroyed) return;
      socket.unshift(Buffer.concat([Buffer.from(withoutUpgrade(req), "latin1"), head]));
      server.emit("connection", socket);
    });
  });
}

/** The head of a request as it came, but for the upgrade. */
function withoutUpgrade({ method, url, httpVersion, rawHeaders }: IncomingMessage): string {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const [name = "", value = ""] = rawHeaders.slice(i, i + 2);
    if (!/^(upgrade|http2-settings)$/i.test(name)) lines.push(`${name}: ${connectionOptions(name, value)}`);
  }
  return `${lines.join("\r\n")}\r\n\r\n`;
}

/** Of `Connection` what is not about the upgrade. */
function connectionOptions(name: string, value: string): string {
  if (name.toLowerCase() !== "connection") return value;
  const options = value.split(",").map((option) => option.trim());
  return options.filter((option) => !/^(upgrade|http2-settings)$/i.test(option)).join(", ");
}
