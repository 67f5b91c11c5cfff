import { setTimeout as delay } from "node:timers/promises";
import { formatTime, parseTime } from "@fx-ohlc/schemas";
import { eventually, type TestService } from "@fx-ohlc/testkit";
import { createClient } from "redis";
import { WebSocket } from "ws";
import { storedTicks } from "../src/stored.js";
import { healthOf, System } from "../src/system.js";
import { Traffic } from "../src/traffic.js";

const IMPORTED = ["EURUSD", "GBPUSD"];
const QUIET = "USDJPY";
const SYMBOLS = [...IMPORTED, QUIET];
/** Of each symbol; one for each second, from 2020 on. */
const OLD_TICKS = 150_000;
const LINES_PER_REQUEST = 25_000;
/** Far below what the imported ticks would take on the streams: some 75 bytes each. */
const STREAM_MAX_MB = 4;
const REDIS_MAX_BYTES = 8_000_000;
const POST_INTERVAL_MS = 20;
const LOOK_INTERVAL_MS = 100;
/** Each of the imported symbols may be told of some five times a second. */
const RANGES_PER_SECOND = 10;

/** What one client of `ticks:*` was told of each symbol. */
class Told {
  readonly ticks = new Map<string, string[]>();
  readonly gaps = new Map<string, { from: string; to: string; late?: true }[]>();
  messages = 0;

  note(text: string): void {
    const { type, channel, ticks, ...rest } = JSON.parse(text); // Ours.
    const symbol = String(channel).slice("ticks:".length);
    if (type === "ticks") this.#of(this.ticks, symbol).push(...ticks.map(({ time }: { time: string }) => time));
    if (type === "gap") this.#of(this.gaps, symbol).push(rest);
    if (type === "ticks" || type === "gap") this.messages += 1;
  }

  /** Whether the client was given this tick, or a range that it lies in. */
  accountsFor(symbol: string, time: string, received: ReadonlySet<string>): boolean {
    return received.has(time) || this.#of(this.gaps, symbol).some(({ from, to }) => from <= time && time < to);
  }

  #of<T>(map: Map<string, T[]>, symbol: string): T[] {
    const known = map.get(symbol) ?? [];
    map.set(symbol, known);
    return known;
  }
}

describe("300,000 old ticks imported while live ones come in, into a Redis with little room", () => {
  let system: System;
  let ingest: TestService;
  let client: WebSocket;
  const told = new Told();
  const redisBytes: number[] = [];
  const health: unknown[] = [];
  let traffic: Traffic;
  let tookMs: number;

  beforeAll(async () => {
    system = await System.create();
    const query = await system.start("ohlc-query");
    ingest = await system.start("tick-ingest", { STREAM_MAX_MB: String(STREAM_MAX_MB) });
    const gateway = await system.start("stream-gateway", { OHLC_QUERY_URL: query.url });
    const redis = createClient({ url: system.redis.url });
    await redis.connect();
    await redis.configSet("maxmemory", String(REDIS_MAX_BYTES + 8_000_000));
    await redis.configSet("maxmemory-policy", "noeviction");
    client = new WebSocket(`${gateway.url.replace("http:", "ws:")}/ws`);
    let isFollowing = false;
    client.on("open", () => client.send('{"op":"subscribe","channels":["ticks:*"]}'));
    client.on("message", (data) => {
      isFollowing = true;
      told.note(String(data));
    });
    await eventually(() => isFollowing);
    const startedMs = performance.now();
    let isOver = false;
    const looking = (async () => {
      for (; !isOver; await delay(LOOK_INTERVAL_MS)) {
        redisBytes.push(Number(/used_memory:(\d+)/.exec(await redis.info("memory"))?.[1]));
        health.push((await healthOf(ingest)).body.status);
      }
    })();
    let sent = 0;
    traffic = new Traffic(POST_INTERVAL_MS, () => {
      const symbol = SYMBOLS[sent++ % SYMBOLS.length];
      return {
        method: "POST",
        url: `${ingest.url}/ticks`,
        body: { symbol, time: formatTime(Date.now() * 1000), price: 1 },
      };
    });
    await Promise.all(IMPORTED.map(importOld));
    await traffic.flowsFor(2000);
    await traffic.stop();
    isOver = true;
    tookMs = performance.now() - startedMs;
    await looking;
    redis.destroy();
  }, 180_000);

  afterAll(async () => {
    client?.terminate();
    await system.stop();
  });

  async function importOld(symbol: string): Promise<void> {
    const startUs = parseTime("2020-01-01T00:00:00Z") ?? 0;
    for (let first = 0; first < OLD_TICKS; first += LINES_PER_REQUEST) {
      const lines = Array.from({ length: LINES_PER_REQUEST }, (_, at) =>
        JSON.stringify({ symbol, time: formatTime(startUs + (first + at) * 1_000_000), price: 1 + at / 1e6 }),
      );
      const headers = { "content-type": "application/x-ndjson" };
      const answer = await fetch(`${ingest.url}/ticks/bulk`, { method: "POST", headers, body: lines.join("\n") });
      expect(answer.status).toBe(201);
    }
  }

  test.each(SYMBOLS)("a client is given every tick of %s, or a range that it lies in", async (symbol) => {
    const stored = await storedTicks(system.sql, symbol);
    expect(stored.length).toBeGreaterThan(symbol === QUIET ? 20 : OLD_TICKS);
    const missing = () => {
      const received = new Set(told.ticks.get(symbol));
      return stored.filter(({ time }) => !told.accountsFor(symbol, time, received));
    };
    await eventually(() => missing().length === 0, { what: "the account to be whole" });
  });

  test("live ticks of every symbol were streamed, each once, and old ones were not", async () => {
    expect(traffic.count(201)).toBe(traffic.outcomes.length);
    const received = SYMBOLS.flatMap((symbol) => (told.ticks.get(symbol) ?? []).map((time) => `${symbol} ${time}`));
    expect(received).toHaveLength(new Set(received).size);
    expect(received).toHaveLength(traffic.outcomes.length);
  });

  test("old ones were declared as late, a few ranges a second, and nothing else was missed", () => {
    const gaps = SYMBOLS.flatMap((symbol) => told.gaps.get(symbol) ?? []);
    expect(gaps.filter(({ late }) => late !== true)).toEqual([]);
    expect(gaps.length).toBeLessThan((RANGES_PER_SECOND * tookMs) / 1000);
    expect(told.gaps.get(QUIET) ?? []).toEqual([]);
  });

  test("Redis was never filled, and health said healthy all the while", () => {
    expect(redisBytes.length).toBeGreaterThan(10);
    expect(Math.max(...redisBytes)).toBeLessThan(REDIS_MAX_BYTES);
    expect(new Set(health)).toEqual(new Set(["healthy"]));
  });
});
