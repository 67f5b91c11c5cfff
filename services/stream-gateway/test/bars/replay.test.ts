import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { STORED_INTERVALS, US_PER_DAY } from "@fx-ohlc/schemas";
import { eventually } from "@fx-ohlc/testkit";
import { barOf, microsOf, type PostedCost, type PostedTick, Stack, WITH_QUOTES } from "../support/stack.js";
import { type Message, TestClient } from "../support/test-client.js";

/** The busiest hour of the sample week: a press conference of the European Central Bank. */
const HOUR = "2014-05-08T12";
const SYMBOL = "EURUSD";
/** Every fiftieth tick comes after all others. */
const LATE_EVERY = 50;
/** Every so many'th of the late ones is put or deleted afterwards. */
const CORRECT_EVERY = 5;
const SAMPLE = new URL("../../../../infra/sample/eurusd-ticks-2014-05-04_09.csv.gz", import.meta.url);

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start();
});

afterAll(() => stack.stop(), 60_000);

/** Every fifth one is sent as the price of its bid alone. */
const PRICE_EVERY = 5;

/** The hour's ticks with their times moved so that the hour ended a minute ago, numbered where they share one. */
function ticksOfTheHour(): PostedTick[] {
  const rows = gunzipSync(readFileSync(SAMPLE)).toString().split("\n");
  const endMs = Math.floor(Date.now() / 60_000 - 1) * 60_000;
  const shiftMs = endMs - Date.parse(`${HOUR}:00:00Z`) - 3_600_000;
  const ticks: PostedTick[] = [];
  for (const row of rows) {
    if (!row.startsWith(HOUR)) continue;
    const [time = "", ...sides] = row.split(",");
    const [bid = 0, ask = 0] = sides.map(Number);
    const moved = new Date(Date.parse(time) + shiftMs).toISOString();
    const last = ticks.at(-1);
    ticks.push({
      symbol: SYMBOL,
      time: moved,
      ...(ticks.length % PRICE_EVERY === 0 ? { price: bid } : { bid, ask }),
      seq: last?.time === moved ? (last.seq ?? 0) + 1 : 0,
    });
  }
  return ticks;
}

async function postInChunks(ticks: readonly PostedTick[]): Promise<void> {
  for (let at = 0; at < ticks.length; at += 100) await stack.post(ticks.slice(at, at + 100));
}

/** What a client of bars knows after everything it was told: the last word on each bucket. */
function beliefOf(bars: readonly Message[]): Map<string, object> {
  const belief = new Map<string, object>();
  for (const bar of bars) {
    if (bar.tick_count === 0) belief.delete(bar.bucket);
    else belief.set(bar.bucket, barOf(bar));
  }
  return belief;
}

/** What was told on the channel of some bars of the symbol. */
function barsOn(messages: readonly Message[], bars: string): Message[] {
  return messages.filter(({ channel, bar }) => channel === `ohlc:${SYMBOL}:${bars}` && bar).map(({ bar }) => bar);
}

function corrected({ price, bid, ask }: PostedTick): PostedCost {
  return price === undefined ? { bid: bid - 0.5, ask: ask + 0.25 } : { price: price + 1 };
}

/** What a channel of bars ends in, with the query that asks for the same. */
const SIDES: readonly (readonly [side: string, query: object])[] = [
  ["", {}],
  [":bid", { price: "bid" }],
  [":ask", { price: "ask" }],
  [":quote", WITH_QUOTES],
];

test("after an hour of real quotes at high speed, with late ticks and corrections, clients know exactly the stored bars", async () => {
  const all = ticksOfTheHour();
  expect(all.length).toBeGreaterThan(3000);
  const late = all.filter((_tick, index) => index % LATE_EVERY === 7);
  const prompt = all.filter((_tick, index) => index % LATE_EVERY !== 7);
  const plain = await Promise.all(
    STORED_INTERVALS.map((interval) => TestClient.open(`${stack.gateway.wsUrl}/ws/ohlc/${interval}?symbol=${SYMBOL}`)),
  );
  const multiplex = await TestClient.open(`${stack.gateway.wsUrl}/ws`);
  const everyone = await TestClient.open(`${stack.gateway.wsUrl}/ws`);
  const channels = STORED_INTERVALS.flatMap((interval) => SIDES.map(([side]) => `ohlc:${SYMBOL}:${interval}${side}`));
  await multiplex.ask({ id: 1, op: "subscribe", channels });
  await everyone.ask({ id: 1, op: "subscribe", channels: channels.map((name) => name.replace(SYMBOL, "*")) });
  await postInChunks(prompt);
  await postInChunks(late);
  for (const [index, tick] of late.filter((_tick, place) => place % CORRECT_EVERY === 0).entries()) {
    if (index % 2 === 0) await stack.deleteTick(SYMBOL, tick.time);
    else if (tick.seq === 0) await stack.putTick(SYMBOL, tick.time, corrected(tick)).catch(() => undefined);
  }
  const fromUs = microsOf(all[0]?.time ?? "") - 2 * US_PER_DAY;
  for (const [index, interval] of STORED_INTERVALS.entries()) {
    for (const [side, query] of SIDES) {
      const bars = await stack.bars(SYMBOL, interval, fromUs, query);
      const stored = new Map(bars.map((bar) => [bar.bucket, barOf(bar)]));
      const heard = [multiplex, everyone].map(
        ({ messages }) =>
          () =>
            barsOn(messages, interval + side),
      );
      for (const told of side === "" ? [() => plain[index]?.messages ?? [], ...heard] : heard) {
        const isTold = () => expect(beliefOf(told())).toEqual(stored) === undefined;
        await eventually(isTold, { what: `the bars of ${interval}${side}` });
      }
    }
  }
  expect(await stack.metric("live_bar_mismatch_total")).toBe(0);
  for (const client of [...plain, multiplex, everyone]) client.end();
});
