import { once } from "node:events";
import type { IncomingMessage, RequestListener } from "node:http";
import { connect, type Socket } from "node:net";
import { eventually } from "@fx-ohlc/embedded";
import { type HttpServer, listen, sendJson } from "../src/index.js";

const CHUNKS = 100_000;

let handler: RequestListener;
let server: HttpServer;
beforeAll(async () => {
  server = await listen((req, res) => handler(req, res), { port: 0, host: "127.0.0.1" });
});
afterAll(() => server.stop(100));

/** Text as chunks of one character each. */
const crumbled = (text: string) => [...text].map((character) => `1\r\n${character}\r\n`).join("");

function send(body: string): Socket {
  const socket = connect(server.port, "127.0.0.1")
    .setEncoding("utf8")
    .on("error", () => undefined);
  socket.write(`POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${body}`);
  return socket;
}

test("a body in chunks of a byte comes whole and in order, in few pieces, and the next request is answered", async () => {
  const text = Array.from({ length: CHUNKS / 5 }, (_, at) => String(at).padStart(5, "0")).join("");
  const bodies = new Map<string | undefined, string>();
  let pieces = 0;
  handler = async (req, res) => {
    let body = "";
    for await (const piece of req) {
      body += piece;
      pieces += 1;
    }
    bodies.set(req.url, body);
    sendJson(res, 200, {});
  };
  const socket = send(`${crumbled(text)}0\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
  await once(socket.resume(), "end");
  expect(bodies.get("/a") === text).toBe(true);
  expect(bodies.get("/b")).toBe("");
  expect(pieces).toBeLessThan(CHUNKS / 100);
});

test("bodies in chunks of a byte are read in turns of the event loop of their own", async () => {
  const came = new Map<number, number>();
  let turn = 0;
  const count = () => {
    turn += 1;
    counting = setImmediate(count);
  };
  let counting = setImmediate(count);
  handler = (req) =>
    void req.on("data", (piece: Buffer) => piece.length > 1 && came.set(turn, (came.get(turn) ?? 0) + 1));
  const body = crumbled(" ".repeat(CHUNKS));
  const sockets = Array.from({ length: 10 }, () => send(body));
  await eventually(() => came.size >= 50, { what: "pieces of all" });
  clearImmediate(counting);
  for (const socket of sockets) socket.destroy();
  // One in each: before or after it was counted.
  expect(Math.max(...came.values())).toBeLessThanOrEqual(2);
});

test("a body that nobody reads is left on its connection, and comes in few pieces when it is read", async () => {
  let body: IncomingMessage | undefined;
  handler = (req) => {
    body = req.pause();
  };
  const socket = send(crumbled(" ".repeat(10 * CHUNKS)));
  let held = 0;
  let still = 0;
  await eventually(
    () => {
      const length = body?.readableLength ?? 0;
      still = held > 0 && length === held ? still + 1 : 0;
      held = length;
      return still >= 50;
    },
    { what: "nothing more to be read" },
  );
  expect(socket.writableLength).toBeGreaterThan(0);
  expect(held).toBeLessThan(2 * 64 * 1024);
  let pieces = 0;
  let bytes = 0;
  body?.on("data", (piece: Buffer) => {
    pieces += 1;
    bytes += piece.length;
  });
  body?.resume();
  await eventually(() => bytes > CHUNKS, { what: "the body" });
  expect(pieces).toBeLessThan(CHUNKS / 100);
  socket.destroy();
});

test("callers that hold too much unread lose what has waited longest, and others are answered", async () => {
  const seen: (string | undefined)[] = [];
  handler = (req, res) => {
    seen.push(req.headers.name?.toString());
    if (req.method === "GET") sendJson(res, 200, {});
  };
  const body = crumbled(" ".repeat(40_000));
  let lost = 0;
  const sockets = Array.from({ length: 900 }, () => send(body).on("error", () => (lost += 1)));
  const other = connect({ port: server.port, host: "127.0.0.1", localAddress: "127.0.0.2" });
  other.write("GET /b HTTP/1.1\r\nHost: x\r\nName: other\r\nConnection: close\r\n\r\n");
  await once(other.resume(), "end");
  await eventually(() => lost > 0);
  for (const socket of sockets) socket.destroy();
  expect(seen).toContain("other");
});
