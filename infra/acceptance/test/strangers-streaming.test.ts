import { eventually } from "@fx-ohlc/testkit";
import { WebSocket } from "ws";
import { attackedSystem } from "../src/strangers/attacked-system.js";
import { expectServed } from "../src/strangers/bystander.js";

const CONNECTIONS = 30;
const CHANNELS = 1000;
const STEPS = 20;
const SYMBOLS = 20_000;

const attacked = attackedSystem({ SYMBOLS_MAX: "30000" });

interface Client {
  readonly ws: WebSocket;
  /** How many messages came, by their type. */
  readonly heard: Map<string, number>;
  /** Symbols whose bar came: as `bar`, or as `final` when its minute had ended before it was loaded. */
  readonly told: Set<string>;
}

/** A client of `/ws`. */
async function client(): Promise<Client> {
  const ws = new WebSocket(`${attacked.everything.gateway.url.replace("http:", "ws:")}/ws`);
  const heard = new Map<string, number>();
  const told = new Set<string>();
  ws.on("message", (data) => {
    const { type, bar } = JSON.parse(String(data)) as { type: string; bar?: { symbol: string } }; // Ours.
    heard.set(type, (heard.get(type) ?? 0) + 1);
    if (bar !== undefined) told.add(bar.symbol);
  });
  await eventually(() => ws.readyState === WebSocket.OPEN);
  return { ws, heard, told };
}

test("30 connections of 1,000 channels of bars each leave at once", async () => {
  const served = await attacked.bystander.during(async () => {
    const clients = await Promise.all(Array.from({ length: CONNECTIONS }, client));
    for (const [at, { ws }] of clients.entries()) {
      // Three at a time follow bars of the same symbols: as many of these as one caller may.
      const interval = ["minute", "hour", "day"][at % 3];
      const symbols = Math.floor(at / 3);
      const channels = Array.from({ length: CHANNELS }, (_, index) => `ohlc:C${symbols}X${index}:${interval}`);
      ws.send(JSON.stringify({ op: "subscribe", channels }));
    }
    await eventually(() => clients.every(({ heard }) => heard.has("subscribed")), { what: "all subscriptions" });
    for (const { ws } of clients) ws.terminate();
  });
  expectServed(served);
});

test("30 connections of the same 1,000 channels change them in step, and leave at once", async () => {
  const channels = Array.from({ length: CHANNELS - 1 }, (_, index) => `ohlc:E${index}:minute`);
  const served = await attacked.bystander.during(async () => {
    const clients = await Promise.all(Array.from({ length: CONNECTIONS }, client));
    const askAll = async (op: string, answer: string, names: readonly string[], times: number) => {
      for (const { ws } of clients) ws.send(JSON.stringify({ op, channels: names }));
      await eventually(() => clients.every(({ heard }) => heard.get(answer) === times), { what: answer });
    };
    await askAll("subscribe", "subscribed", channels, 1);
    for (let step = 1; step <= STEPS; step += 1) {
      await askAll("subscribe", "subscribed", ["ohlc:STEP:minute"], step + 1);
      await askAll("unsubscribe", "unsubscribed", ["ohlc:STEP:minute"], step);
    }
    for (const { ws } of clients) ws.terminate();
  });
  expectServed(served);
});

test("a client subscribes to 1,000 channels one by one, and unsubscribes from them", async () => {
  const { ws, heard } = await client();
  const served = await attacked.bystander.during(async () => {
    for (let at = 0; at < 90; at += 1) {
      const channels = Array.from({ length: 11 }, (_, index) => `ohlc:D${at}X${index}:minute`);
      ws.send(JSON.stringify({ op: "subscribe", channels }));
    }
    await eventually(() => heard.get("subscribed") === 90, { what: "all subscriptions" });
  });
  ws.terminate();
  expectServed(served);
});

test("there are 20,000 symbols: named ones come first, and a wildcard's follow in pages", async () => {
  await attacked.system
    .sql`insert into symbols (symbol, first_heard) select 'S' || i, now() from generate_series(1, ${SYMBOLS}) i`;
  await attacked.system.sql`
    insert into ticks (symbol, time, seq, price) select 'S' || i, now(), 0, 1 from generate_series(1, ${SYMBOLS}) i`;
  const all = await client();
  const served = await attacked.bystander.during(async () => {
    all.ws.send(JSON.stringify({ op: "subscribe", channels: ["ohlc:*:minute"] }));
    const named = await client();
    named.ws.send(JSON.stringify({ op: "subscribe", channels: ["ohlc:S77:minute"] }));
    await eventually(() => named.told.has("S77"), { what: "the named symbol's bar" });
    expect(all.told.size).toBeLessThan(SYMBOLS);
    await eventually(() => all.told.size >= SYMBOLS, { timeoutMs: 90_000, what: "bars of all" });
  });
  all.ws.terminate();
  expectServed(served);
});
