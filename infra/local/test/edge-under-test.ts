import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { freePort } from "@fx-ohlc/embedded";
import { WebSocketServer } from "ws";
import { edge } from "../src/services.js";

export type Handler = (req: IncomingMessage, res: ServerResponse) => void;

/** Says what was asked. */
const echo: Handler = (req, res) => res.end(`${req.method} ${req.url}`);

/** What stands in for a service: it answers as the test says. */
export class Upstream {
  handler: Handler = echo;
  readonly sockets = new WebSocketServer({ noServer: true });
  readonly #server: Server = createServer((req, res) => this.handler(req, res));
  readonly port: number;

  constructor(port: number) {
    this.port = port;
    this.#server.on("upgrade", (req, socket, head) => {
      if (req.url === "/ws/refused") socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
      else this.sockets.handleUpgrade(req, socket, head, (client) => this.sockets.emit("connection", client, req));
    });
  }

  async listen(): Promise<void> {
    if (this.#server.listening) return;
    this.#server.listen(this.port, "127.0.0.1");
    await once(this.#server, "listening");
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    for (const client of this.sockets.clients) client.terminate();
    await closed;
  }
}

/** An edge in front of three stand-ins, as a process of its own, from the build, as it runs in the stack. */
export class EdgeUnderTest {
  private constructor(
    readonly port: number,
    readonly ingest: Upstream,
    readonly query: Upstream,
    readonly gateway: Upstream,
    private readonly process: ReturnType<typeof edge>,
  ) {}

  static async start(): Promise<EdgeUnderTest> {
    const [ingest, query, gateway] = [
      new Upstream(await freePort()),
      new Upstream(await freePort()),
      new Upstream(await freePort()),
    ];
    const port = await freePort();
    const services = { "tick-ingest": ingest.port, "ohlc-query": query.port, "stream-gateway": gateway.port };
    const env = { AUTH: "off", TRUSTED_PROXIES: "192.0.2.1" };
    const started = new EdgeUnderTest(
      port,
      ingest,
      query,
      gateway,
      edge({ addresses: { edge: port, services }, env, logs: tmpdir() }),
    );
    await started.reset();
    await started.process.start();
    return started;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Every service is there, and says what it was asked. */
  async reset(): Promise<void> {
    for (const upstream of [this.ingest, this.query, this.gateway]) {
      upstream.handler = echo;
      await upstream.listen();
    }
  }

  async stop(): Promise<void> {
    await this.process.stop();
    await Promise.all([this.ingest, this.query, this.gateway].map((upstream) => upstream.close()));
  }
}
