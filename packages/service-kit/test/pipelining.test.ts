import { once } from "node:events";
import { get, type IncomingMessage, type RequestListener } from "node:http";
import { connect, type Socket } from "node:net";
import { eventually } from "@fx-ohlc/embedded";
import { type HttpServer, listen, sendJson } from "../src/index.js";

let handler: RequestListener;
let server: HttpServer;

beforeAll(async () => {
  const onWebSocket = (_req: IncomingMessage, socket: NodeJS.WritableStream) => socket.write("HTTP/1.1 101 Ok\r\n\r\n");
  server = await listen((req, res) => handler(req, res), { port: 0, host: "127.0.0.1", onWebSocket });
});
afterAll(() => server.stop(100));

const open = () => connect({ port: server.port, host: "127.0.0.1" }).on("error", () => undefined);

const ask = (path: string | number) => `GET /${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

const ECHO: RequestListener = (req, res) => sendJson(res, 200, { url: req.url });

/** Sends requests for as long as the connection takes them, and reads no answer. */
function flood(): Socket {
  const socket = open().pause();
  const requests = ask("flood").repeat(2000);
  const write = () => {
    while (socket.writable && socket.write(requests));
  };
  socket.on("drain", write);
  write();
  return socket;
}

async function urlsUntilEnd(socket: Socket): Promise<string[]> {
  const text = Buffer.concat(await socket.toArray()).toString();
  return [...text.matchAll(/"url":"\/(\w+)"/g)].map(([, url]) => url as string);
}

test("a connection has some 16 requests under way, and the rest in order when there are answers", async () => {
  const waiting: (() => void)[] = [];
  let longest = 0;
  let isHeld = true;
  handler = (req, res) => {
    // Whoever reads a body resumes the connection.
    req.resume();
    waiting.push(() => ECHO(req, res));
    longest = Math.max(longest, waiting.length);
    if (!isHeld) setImmediate(() => waiting.shift()?.());
  };
  const socket = open();
  const numbers = Array.from({ length: 5000 }, (_, number) => String(number));
  socket.write(numbers.map(ask).join(""));
  socket.write("GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  await eventually(() => waiting.length >= 8);
  // What else has come has been read by the time of another's answer.
  const other = open();
  other.write(ask("other"));
  await eventually(() => waiting.length > 8);
  expect(longest).toBeLessThanOrEqual(25);
  isHeld = false;
  for (const answer of waiting.splice(0)) answer();
  expect(await urlsUntilEnd(socket)).toEqual([...numbers, "last"]);
  expect(longest).toBeLessThanOrEqual(25);
  other.destroy();
});

test("others are answered between a few requests of twenty connections that send them without end", async () => {
  let served = 0;
  handler = (req, res) => {
    served += 1;
    ECHO(req, res);
  };
  const floods = Array.from({ length: 20 }, flood);
  await eventually(() => floods.every((socket) => socket.bytesWritten > 100_000));
  for (let round = 0; round < 10; round += 1) {
    const before = served;
    const [answer] = (await once(get({ port: server.port, path: "/other" }), "response")) as [IncomingMessage];
    await answer.toArray();
    expect(served - before).toBeLessThan(1000);
  }
  for (const socket of floods) socket.destroy();
});

test("long answers that wait for their reader hold the requests behind them, and all come in order", async () => {
  const long = "x".repeat(100_000);
  let asked = 0;
  handler = (req, res) => {
    asked += 1;
    sendJson(res, 200, { long, url: req.url });
  };
  const socket = open().pause();
  const numbers = Array.from({ length: 30 }, (_, number) => String(number));
  socket.write(numbers.map(ask).join(""));
  socket.write("GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  await eventually(() => asked >= 8);
  expect(await urlsUntilEnd(socket)).toEqual([...numbers, "last"]);
});

test("requests with bodies and empty lines in them are taken as they are", async () => {
  handler = async (req, res) => sendJson(res, 200, { url: `/${Buffer.concat(await req.toArray()).length}` });
  const body = "\r\n".repeat(50_000);
  const posts = Array.from({ length: 30 }, (_, number) => {
    const chunked = `Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
    const whole = `Content-Length: ${body.length}\r\n\r\n${body}`;
    return `POST / HTTP/1.1\r\nHost: x\r\n${number % 2 === 0 ? whole : chunked}`;
  });
  const socket = open();
  socket.write(posts.join(""));
  socket.write("GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  expect(await urlsUntilEnd(socket)).toEqual([...posts.map(() => "100000"), "0"]);
});

test("a WebSocket asked for behind requests is taken, and what it sends comes whole", async () => {
  handler = ECHO;
  const socket = open();
  socket.write(`${ask(1)}GET / HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n`);
  let text = "";
  socket.on("data", (piece) => (text += piece));
  await eventually(() => text.includes(" 101 "));
  socket.destroy();
});
