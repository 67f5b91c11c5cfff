import { eventually, type TestService } from "@fx-ohlc/testkit";
import { type RawData, WebSocket } from "ws";
import { frame, RawSocket } from "../src/stream/raw-socket.js";
import { System } from "../src/system.js";
import { Traffic } from "../src/traffic.js";

/** Headers may take 10 s, which is looked at every two; with room for two busy cores, ms. */
const HEADERS_END_MS = 20_000;
const HOSTILE_CLIENTS = 20;
const POST_INTERVAL_MS = 20;
const TEXT = 0x81;
const hello = Buffer.from('{"op":"ping"}');

/** Frames that break the protocol, with the code that says how (RFC 6455, 7.4.1). */
const BAD_FRAMES: readonly (readonly [string, number, Buffer])[] = [
  ["with an opcode that does not exist", 1002, frame(0x83, hello)],
  ["with a reserved bit", 1002, frame(0xc1, hello)],
  ["without a mask", 1002, frame(TEXT, hello, { isMasked: false })],
  ["that continues nothing", 1002, frame(0x80, hello)],
  ["of control that is too long", 1002, frame(0x89, Buffer.alloc(200))],
  ["of text that is no UTF-8", 1007, frame(TEXT, Buffer.from([0xc3, 0x28]))],
  ["that announces 100 MB", 1009, frame(TEXT, hello, { length: 100 * 1024 * 1024 })],
  ["that announces more than a number can hold", 1009, frame(TEXT, hello, { length: 2 ** 60 })],
];

/** A control frame states its length in the second byte: here 0, masked with zeros. */
const EMPTY_PING = Buffer.from([0x89, 0x80, 0, 0, 0, 0]);

describe("hostile clients", () => {
  let system: System;
  let gateway: TestService;
  let traffic: Traffic;
  let good: WebSocket;
  let slowUpgrades: Promise<unknown>;
  const received: number[] = [];
  const others: string[] = [];

  /** All along one client follows ticks that are posted at a steady pace. */
  beforeAll(async () => {
    system = await System.create();
    const [ingest, query] = await Promise.all([system.start("tick-ingest"), system.start("ohlc-query")]);
    // This process reads for everybody: that it is late now and then is no fault of the gateway's.
    gateway = await system.start("stream-gateway", { OHLC_QUERY_URL: query.url, LAG_AFTER_MS: "20000" });
    good = new WebSocket(`${gateway.url.replace("http:", "ws:")}/ws`);
    good.on("open", () => good.send('{"op":"subscribe","channels":["ticks:GOOD"]}'));
    good.on("message", (data) => hear(data));
    good.on("close", () => others.push("closed"));
    await eventually(() => others.includes("subscribed"));
    let price = 0;
    traffic = new Traffic(POST_INTERVAL_MS, () => {
      price += 1;
      return { method: "POST", url: `${ingest.url}/ticks`, body: { symbol: "GOOD", price } };
    });
    // They take their ten seconds while everything else happens.
    slowUpgrades = upgradeSlowly();
    slowUpgrades.catch(() => undefined);
  });

  afterAll(async () => {
    good?.terminate();
    await system.stop();
  });

  /** Whether each of them is told in the end that it took too long. */
  async function upgradeSlowly(): Promise<boolean> {
    const clients = await Promise.all(Array.from({ length: HOSTILE_CLIENTS }, () => RawSocket.open(gateway.port)));
    const letters = [...RawSocket.upgrade()].slice(0, -1);
    const drip = setInterval(() => {
      const letter = letters.shift() ?? "";
      for (const client of clients) client.write(letter);
    }, 200);
    const isOver = () => clients.every(({ isClosed, text }) => isClosed && text.startsWith("HTTP/1.1 408"));
    return eventually(isOver, { timeoutMs: HEADERS_END_MS, what: "408" }).finally(() => clearInterval(drip));
  }

  function hear(data: RawData): void {
    const { type, ticks } = JSON.parse(String(data)) as { type: string; ticks?: { price: number }[] }; // Ours.
    if (ticks === undefined) others.push(type);
    else received.push(...ticks.map(({ price }) => price));
  }

  test.each(BAD_FRAMES)("a frame %s is answered with %d", async (_name, code, bytes) => {
    const clients = await Promise.all(Array.from({ length: HOSTILE_CLIENTS }, () => RawSocket.open(gateway.port)));
    for (const client of clients) {
      client.write(RawSocket.upgrade());
      client.write(bytes);
    }
    await eventually(() => clients.every((client) => client.closeCode() === code), { what: `close code ${code}` });
    await eventually(() => clients.every((client) => client.isClosed), { what: "the connections to be cut" });
  });

  test("10,000 subscriptions are refused beyond the first thousand, and the connection goes on", async () => {
    const client = new WebSocket(`${gateway.url.replace("http:", "ws:")}/ws`);
    const answers: { id?: number; type: string; code?: string; all?: string[] }[] = [];
    client.on("message", (data) => answers.push(JSON.parse(String(data)) as (typeof answers)[number])); // Ours.
    await eventually(() => client.readyState === WebSocket.OPEN);
    for (let id = 0; id < 20; id += 1) {
      const channels = Array.from({ length: 500 }, (_, index) => `ticks:S${id * 500 + index}`);
      client.send(JSON.stringify({ op: "subscribe", id, channels }));
    }
    client.send('{"op":"unsubscribe","id":20,"channels":[]}');
    const last = await eventually(() => answers.find(({ id }) => id === 20));
    // An answer is not a thousand times its question.
    expect(last).not.toHaveProperty("all");
    expect(answers.find(({ id }) => id === 1)?.all).toHaveLength(1000);
    const refusals = answers.filter(({ type }) => type === "error");
    expect(refusals.map(({ code }) => code)).toEqual(Array.from({ length: 18 }, () => "too_many_channels"));
    client.send(
      JSON.stringify({ op: "subscribe", channels: Array.from({ length: 10_000 }, (_, at) => `ticks:S${at}`) }),
    );
    const code = await new Promise((resolve) => client.on("close", resolve));
    expect(code).toBe(1009);
  });

  test("pings without end are closed with 4009", async () => {
    const clients = await Promise.all(Array.from({ length: HOSTILE_CLIENTS }, () => RawSocket.open(gateway.port)));
    for (const client of clients) {
      client.write(RawSocket.upgrade());
      client.write(Buffer.concat(Array.from({ length: 5_000 }, () => EMPTY_PING)));
    }
    await eventually(() => clients.every(({ isClosed }) => isClosed), { what: "the connections to be closed" });
    // Pings that were still on their way may have reset the connection before the code was read.
    const codes = clients.map((client) => client.closeCode()).filter((code) => code !== undefined);
    expect(new Set(codes)).toEqual(new Set([4009]));
  });

  test("a page of another origin is refused with 403 by default, also one that looks like ours", async () => {
    for (const origin of ["https://evil.example", "http://127.0.0.1.evil.example", "null", "file://"]) {
      const refused = new WebSocket(`${gateway.url.replace("http:", "ws:")}/ws`, { origin });
      const status = await new Promise((resolve) => {
        refused.on("unexpected-response", (_request, { statusCode }) => resolve(statusCode));
        refused.on("open", () => resolve(101));
        refused.on("error", () => undefined);
      });
      refused.terminate();
      expect(`${origin} ${status}`).toBe(`${origin} 403`);
    }
  });

  test("an upgrade that comes a byte at a time is answered 408 after ten seconds", async () => {
    await expect(slowUpgrades).resolves.toBe(true);
  });

  test("changed nothing for somebody else: every tick came once, and nothing was skipped", async () => {
    await traffic.stop();
    expect(traffic.count(201)).toBe(traffic.outcomes.length);
    await eventually(() => received.length >= traffic.outcomes.length, { what: "every tick" });
    expect([...received].sort((a, b) => a - b)).toEqual(traffic.outcomes.map((_outcome, index) => index + 1));
    expect(others.filter((type) => !["subscribed", "heartbeat"].includes(type))).toEqual([]);
  });
});
