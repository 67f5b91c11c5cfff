import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { connect } from "node:net";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { WebSocket } from "ws";
import { EdgeUnderTest, type Handler, type Upstream } from "./edge-under-test.js";

const health =
  (status: "healthy" | "unhealthy", rest: Record<string, string | string[]>): Handler =>
  (_req, res) => {
    res.writeHead(status === "healthy" ? 200 : 503, { "Content-Type": "application/json" });
    res.end(JSON.stringify({ status, ...rest }));
  };

describe("the edge, of all services,", () => {
  let edge: EdgeUnderTest;
  let ingest: Upstream;
  let query: Upstream;
  let gateway: Upstream;
  let port: number;
  let url: string;

  beforeAll(async () => {
    edge = await EdgeUnderTest.start();
    ({ ingest, query, gateway, port, url } = edge);
  });
  beforeEach(() => edge.reset());
  afterAll(() => edge.stop());

  it("shows each service's metrics under its name", async () => {
    expect(await (await fetch(`${url}/metrics/stream-gateway`)).text()).toBe("GET /metrics");
  });

  describe("health", () => {
    it("is healthy when all three services are", async () => {
      ingest.handler = health("healthy", { database: "connected", redis: "connected" });
      query.handler = health("healthy", { database: "connected" });
      gateway.handler = health("healthy", { redis: "connected" });
      const answer = await fetch(`${url}/health`);
      expect(answer.status).toBe(200);
      expect(await answer.json()).toMatchObject({
        status: "healthy",
        database: "connected",
        redis: "connected",
        version: "0.2.0",
      });
    });

    it("is 503 and names what is away", async () => {
      ingest.handler = health("unhealthy", { database: "connected", redis: "disconnected" });
      query.handler = health("healthy", { database: "connected" });
      await gateway.close();
      const answer = await fetch(`${url}/health`);
      expect(answer.status).toBe(503);
      expect(await answer.json()).toMatchObject({
        status: "unhealthy",
        database: "connected",
        redis: "disconnected",
        services: { "tick-ingest": "unhealthy", "ohlc-query": "healthy", "stream-gateway": "unreachable" },
      });
    });

    it("tells what the services say is wrong, and which of them says so", async () => {
      ingest.handler = health("unhealthy", { database: "disconnected", problems: ["the database is read-only"] });
      query.handler = health("unhealthy", { database: "connected", problems: ["the clock is wrong"] });
      gateway.handler = health("healthy", { redis: "connected" });
      const { problems } = (await (await fetch(`${url}/health`)).json()) as { problems: string[] };
      expect(problems).toEqual(["tick-ingest: the database is read-only", "ohlc-query: the clock is wrong"]);
    });

    it("answers within 2 s when a service is frozen", async () => {
      query.handler = () => undefined;
      // The edge runs in this process: what it was held up by others on the machine is no fault of its own.
      const delays = monitorEventLoopDelay({ resolution: 5 });
      delays.enable();
      const startedMs = Date.now();
      expect((await fetch(`${url}/health`)).status).toBe(503);
      expect(Date.now() - startedMs).toBeLessThan(2_000 + delays.max / 1_000_000);
    });
  });

  describe("WebSockets", () => {
    const open = async (path: string): Promise<WebSocket> => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`);
      await once(socket, "open");
      return socket;
    };

    it("are passed both ways, with their path, and their close code", async () => {
      gateway.sockets.once("connection", (client: WebSocket, req: IncomingMessage) => {
        client.on("message", (message) => client.send(`${req.url} ${message}`));
        client.on("message", () => client.close(4008, "slow"));
      });
      const socket = await open("/ws/ticks?symbol=EURUSD");
      const [message, closed] = [once(socket, "message"), once(socket, "close")];
      socket.send("hello");
      expect(String((await message)[0])).toBe("/ws/ticks?symbol=EURUSD hello");
      expect((await closed)[0]).toBe(4008);
    });

    it("end when the gateway dies, and the gateway's when the client dies", async () => {
      const accepted = once(gateway.sockets, "connection");
      const socket = await open("/ws/ticks");
      const [client]: WebSocket[] = await accepted;
      const gone = once(client ?? socket, "close");
      socket.terminate();
      await gone;
      const other = await open("/ws/ticks");
      const closed = once(other, "close");
      await gateway.close();
      expect((await closed)[0]).toBe(1006);
    });

    it("get the gateway's refusal as it is", async () => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/ws/refused`);
      const [error]: Error[] = await once(socket, "error");
      expect(error?.message).toContain("403");
    });

    it("are refused with 503 while the gateway is away, and with 404 elsewhere", async () => {
      await gateway.close();
      for (const [path, status] of [
        ["/ws/ticks", "503 Service Unavailable"],
        ["/ticks", "404 Not Found"],
        ["/internal/feed", "404 Not Found"],
      ]) {
        const socket = connect(port, "127.0.0.1");
        socket.write(
          `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
        );
        const [bytes]: Buffer[] = await once(socket, "data");
        expect(String(bytes)).toContain(`HTTP/1.1 ${status}`);
        expect(String(bytes)).toContain("application/problem+json");
        socket.destroy();
      }
    });
  });
});
