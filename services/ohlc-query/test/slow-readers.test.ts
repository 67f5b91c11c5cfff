import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type HttpServer, listen, Problem, sendProblem } from "@fx-ohlc/service-kit";
import { eventually } from "@fx-ohlc/testkit";
import { ReadDeadline } from "../src/http/read-deadline.js";
import { AnswerStreams } from "../src/http/streamed-answer.js";

/** On a busy machine. */
const STREAMS = 20;
const PIECE = "x".repeat(1024 * 1024);
/** More than the buffers of the system hold on the way. */
const PIECES = 32;

let onMade: () => void = () => undefined;

async function* pieces() {
  const make = () => {
    onMade();
    return PIECE;
  };
  for (let i = 0; i < PIECES; i += 1) yield make;
}

let server: HttpServer;
beforeAll(async () => {
  const streams = new AnswerStreams();
  const options = { port: 0, host: "127.0.0.1", forwarding: { trustedProxies: ["127.0.0.1"], publicUrl: undefined } };
  server = await listen((req, res) => {
    const answer = { pieces: pieces(), contentType: "text/plain" };
    streams.send(req, res, answer, new ReadDeadline(res, 60_000, { isEnded: false })).catch((error: unknown) => {
      if (error instanceof Problem) sendProblem(res, error);
    });
  }, options);
});
afterEach(() => jest.restoreAllMocks());
afterAll(() => server.stop(100));

/** A reader who asks by HTTP/1.0, so that he knows of no length, and takes the beginning. */
async function pausedReader(headers = ""): Promise<{ readonly socket: Socket; readonly beginning: string }> {
  const socket = connect(server.port, "127.0.0.1");
  socket.write(`GET / HTTP/1.0\r\n${headers}\r\n`);
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

test("a reader may pause, and gets all of it when it goes on", async () => {
  const { socket, beginning } = await pausedReader();
  const head = beginning.indexOf("\r\n\r\n") + 4;
  expect(beginning.length - head + (await restOf(socket))).toBe(PIECES * PIECE.length);
});

test("a reader that pauses keeps its place for a minute; then one who asks for it gets it", async () => {
  const readers = await Promise.all(Array.from({ length: STREAMS }, () => pausedReader()));
  // Which of the two comes of a reset depends on how much there was to read before it.
  let ended = 0;
  for (const { socket } of readers) for (const end of ["error", "end"]) socket.once(end, () => (ended += 1));
  expect(await statusOf()).toBe(503);
  const nowMs = performance.now.bind(performance);
  jest.spyOn(performance, "now").mockImplementation(() => nowMs() + 61_000);
  await eventually(async () => (await statusOf()) === 200, { what: "a place" });
  jest.restoreAllMocks();
  const bytes = await Promise.all(readers.map(({ socket }) => restOf(socket).catch(() => 0)));
  const whole = PIECES * PIECE.length - 64 * 1024;
  expect(bytes.filter((count) => count >= whole).length).toBeLessThan(STREAMS);
  expect(bytes.filter((count) => count >= whole).length).toBeGreaterThan(STREAMS / 2);
  expect(ended).toBe(STREAMS);
});

test("however fast one caller reads, a place beyond his five goes to others at once, and not to him", async () => {
  const readers = await Promise.all(Array.from({ length: STREAMS }, () => pausedReader(from("192.0.2.1"))));
  for (const { socket } of readers) socket.on("error", () => undefined);
  // Each takes a little all the time, so that none of them ever pauses.
  const trickling = setInterval(() => {
    for (const { socket } of readers) socket.read(1000);
  }, 10);
  expect(await statusOf(from("192.0.2.1"))).toBe(503);
  const others = await Promise.all(Array.from({ length: 5 }, () => pausedReader(from("192.0.2.2"))));
  expect(others.map(({ beginning }) => statusIn(beginning))).toEqual([200, 200, 200, 200, 200]);
  expect(await statusOf(from("192.0.2.2"))).toBe(503);
  expect(await statusOf(from("192.0.2.3"))).toBe(200);
  clearInterval(trickling);
  for (const { socket } of [...readers, ...others]) socket.destroy();
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
  onMade = () => undefined;
  clearImmediate(counting);
  for (const { socket } of readers) socket.destroy();
  expect(made.size).toBeGreaterThanOrEqual(STREAMS / 2);
  // One in each: before or after it was counted.
  expect(Math.max(...made.values())).toBeLessThanOrEqual(2);
});

test("who reads HTTP/1.0 behind a proxy that cannot reset is told so", async () => {
  expect(await statusOf("Via: 1.0 edge\r\n")).toBe(505);
  expect(await statusOf("Via: 1.1 other, 1.0 edge\r\n")).toBe(505);
  expect(await statusOf("Via: 1.0 other, 1.1 edge\r\n")).toBe(200);
});
