import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type HttpServer, listen, Problem, sendProblem } from "@fx-ohlc/service-kit";
import { eventually } from "@fx-ohlc/testkit";
import { PageTurns } from "../src/http/page-turns.js";
import { ReadDeadline } from "../src/http/read-deadline.js";
import { AnswerStreams } from "../src/http/streamed-answer.js";

const STREAMS = 20;
const TEXT = "x".repeat(1024 * 1024);
/** More than the buffers of the system hold on the way. */
const PIECES = 32;

let onAsked: (url: string) => void = () => undefined;
let onMade: (url: string) => void = () => undefined;

async function* pieces(url: string) {
  const make = () => {
    onMade(url);
    return TEXT;
  };
  for (let i = 0; i < PIECES; i += 1) yield { rows: url === "/short" ? 1 : 5000, make };
}

let server: HttpServer;
beforeAll(async () => {
  const streams = new AnswerStreams(new PageTurns(), STREAMS);
  const options = { port: 0, host: "127.0.0.1", forwarding: { trustedProxies: ["127.0.0.1"], publicUrl: undefined } };
  server = await listen((req, res) => {
    onAsked(req.url ?? "");
    const answer = { pieces: pieces(req.url ?? ""), contentType: "text/plain" };
    streams.send(req, res, answer, new ReadDeadline(res, 60_000, { isEnded: false })).catch((error: unknown) => {
      if (error instanceof Problem) sendProblem(res, error);
    });
  }, options);
});
afterEach(() => {
  jest.restoreAllMocks();
  onAsked = () => undefined;
  onMade = () => undefined;
});
afterAll(() => server.stop(100));

/** A reader who asks by HTTP/1.0, so that he knows of no length, and takes the beginning. */
async function pausedReader(headers = "", url = "/"): Promise<{ readonly socket: Socket; readonly beginning: string }> {
  const socket = connect(server.port, "127.0.0.1").on("error", () => undefined);
  socket.write(`GET ${url} HTTP/1.0\r\n${headers}\r\n`);
  const [bytes] = await once(socket, "data");
  socket.pause();
  return { socket, beginning: String(bytes) };
}

async function statusOf(headers?: string): Promise<number> {
  const { socket, beginning } = await pausedReader(headers);
  socket.destroy();
  return statusIn(beginning);
}

const statusIn = (beginning: string) => Number(beginning.split(" ")[1]);

const from = (address: string) => `X-Forwarded-For: ${address}\r\n`;

/** How many bytes came until the end. */
async function restOf(socket: Socket): Promise<number> {
  let bytes = 0;
  for await (const piece of socket) bytes += piece.length;
  return bytes;
}

/** So much time passes at once. */
function pass(ms: number): void {
  const nowMs = performance.now.bind(performance);
  jest.spyOn(performance, "now").mockImplementation(() => nowMs() + ms);
}

/** No time passes but what is let: a busy machine takes longer than a place is kept for. */
function stopTime(): (ms: number) => void {
  let nowMs = performance.now();
  jest.spyOn(performance, "now").mockImplementation(() => nowMs);
  return (ms) => {
    nowMs += ms;
  };
}

/** Takes a little from each all the time, so that none of them ever pauses. */
function trickle(sockets: readonly Socket[]): NodeJS.Timeout {
  return setInterval(() => {
    for (const socket of sockets) socket.read(64 * 1024);
  }, 10);
}

test("a reader may pause, and gets all of it when it goes on", async () => {
  const { socket, beginning } = await pausedReader();
  const head = beginning.indexOf("\r\n\r\n") + 4;
  expect(beginning.length - head + (await restOf(socket))).toBe(PIECES * TEXT.length);
});

test("a reader that pauses keeps its place for a minute; then one who asks for it gets it", async () => {
  const readers = await Promise.all(Array.from({ length: STREAMS }, () => pausedReader()));
  // Which of the two comes of a reset depends on how much there was to read before it.
  let ended = 0;
  for (const { socket } of readers) for (const end of ["error", "end"]) socket.once(end, () => (ended += 1));
  expect(await statusOf()).toBe(503);
  pass(61_000);
  await eventually(async () => (await statusOf()) === 200, { what: "a place" });
  jest.restoreAllMocks();
  const bytes = await Promise.all(readers.map(({ socket }) => restOf(socket).catch(() => 0)));
  const whole = PIECES * TEXT.length - 64 * 1024;
  expect(bytes.filter((count) => count >= whole).length).toBeLessThan(STREAMS);
  expect(bytes.filter((count) => count >= whole).length).toBeGreaterThan(STREAMS / 2);
  expect(ended).toBe(STREAMS);
});

test("however fast one caller reads, others get places of his at once until they have as many", async () => {
  const readers = await Promise.all(Array.from({ length: STREAMS }, () => pausedReader(from("192.0.2.1"))));
  const trickling = trickle(readers.map(({ socket }) => socket));
  expect(await statusOf(from("192.0.2.1"))).toBe(503);
  const others = await Promise.all(Array.from({ length: 10 }, () => pausedReader(from("192.0.2.2"))));
  expect(others.map(({ beginning }) => statusIn(beginning))).toEqual(others.map(() => 200));
  expect(await statusOf(from("192.0.2.2"))).toBe(503);
  expect(await statusOf(from("192.0.2.3"))).toBe(200);
  clearInterval(trickling);
  for (const { socket } of [...readers, ...others]) socket.destroy();
});

test("callers with a place each, however fast they read, cannot keep another out for more than 10 s: the slowest gives way", async () => {
  const letPass = stopTime();
  const callers = Array.from({ length: STREAMS }, (_, at) => `198.51.100.${at}`);
  const [slowest, ...others] = await Promise.all(callers.map((caller) => pausedReader(from(caller))));
  const cut: Socket[] = [];
  for (const { socket } of [slowest, ...others].filter((reader) => reader !== undefined))
    socket.once("close", () => cut.push(socket));
  const trickling = trickle(others.map(({ socket }) => socket));
  expect(await statusOf(from("192.0.2.1"))).toBe(503);
  await eventually(() => others.every(({ socket }) => socket.bytesRead > 12 * TEXT.length), { what: "readers" });
  letPass(10_000);
  const newcomer = await pausedReader(from("192.0.2.1"));
  expect(statusIn(newcomer.beginning)).toBe(200);
  slowest?.socket.resume();
  await eventually(() => cut.length > 0, { what: "a reader to give way" });
  expect(cut).toEqual([slowest?.socket]);
  clearInterval(trickling);
  for (const { socket } of [newcomer, ...others]) socket.destroy();
});

test("beside all his long answers a caller's next one begins soon, and a short one at once", async () => {
  const made: string[] = [];
  const askedAt = new Map<string, number>();
  onAsked = (url) => askedAt.set(url, made.length);
  onMade = (url) => {
    made.push(url);
    // As a page takes, so that all the others wait.
    for (const endMs = performance.now() + 15; performance.now() < endMs; );
  };
  const readers = await Promise.all(Array.from({ length: STREAMS - 2 }, () => pausedReader("", "/long")));
  for (const { socket } of readers) socket.resume();
  await eventually(() => made.length >= 2 * STREAMS, { what: "all to read" });
  const others = await Promise.all(["/page", "/short"].map((url) => pausedReader("", url)));
  await eventually(() => ["/page", "/short"].every((url) => made.includes(url)), { what: "both to begin" });
  for (const { socket } of [...readers, ...others]) socket.destroy();
  const before = (url: string) => made.slice(askedAt.get(url), made.indexOf(url)).filter((other) => other === "/long");
  expect(before("/short")).toHaveLength(0);
  expect(before("/page").length).toBeLessThanOrEqual(2);
});

test("texts are made in turns of the event loop of their own, however many answers are read at once", async () => {
  const made = new Map<number, number>();
  let turn = 0;
  const count = () => {
    turn += 1;
    counting = setImmediate(count);
  };
  let counting = setImmediate(count);
  onMade = () => made.set(turn, (made.get(turn) ?? 0) + 1);
  const readers = await Promise.all(Array.from({ length: STREAMS }, () => pausedReader()));
  const all = () => [...made.values()].reduce((sum, inTurn) => sum + inTurn, 0);
  await eventually(() => all() >= STREAMS, { what: "a text for each" });
  clearImmediate(counting);
  for (const { socket } of readers) socket.destroy();
  // One in each: before or after it was counted.
  expect(Math.max(...made.values())).toBeLessThanOrEqual(2);
});

test("who reads HTTP/1.0 behind a proxy that cannot reset is told so", async () => {
  expect(await statusOf("Via: 1.0 edge\r\n")).toBe(505);
  expect(await statusOf("Via: 1.1 other, 1.0 edge\r\n")).toBe(505);
  expect(await statusOf("Via: 1.0 other, 1.1 edge\r\n")).toBe(200);
});
