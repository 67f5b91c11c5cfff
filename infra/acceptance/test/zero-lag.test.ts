import type { FxClient } from "@fx-ohlc/client";
import { formatTime, nowUs } from "@fx-ohlc/schemas";
import { eventually } from "@fx-ohlc/testkit";
import { BUCKETS, expectedBars, type PricedTick } from "../src/expected-bars.js";
import { collect, readBars } from "../src/reads.js";
import { impatientClient, System } from "../src/system.js";

/** How soon the bars of a late tick are promised to hold it, ms. */
const LATE_WITHIN_MS = 2_000;
const MINUTE_S = 60;
const HOUR_S = 60 * MINUTE_S;
const DAY_S = 24 * HOUR_S;
const INTERVALS = ["minute", "hour", "day"] as const;
/** Before every tick that can be stored, and after every one of these tests. */
const ALL_OF_TIME = { start: "1970-01-01T00:00:00Z", end: "2100-01-01T00:00:00Z" };

let system: System;
let write: FxClient;
let read: FxClient;

beforeAll(async () => {
  system = await System.create();
  read = impatientClient(await system.start("ohlc-query"));
});

afterAll(() => system.stop());

/** The ticks of one symbol, as they should be stored. */
class History {
  readonly #ticks: PricedTick[] = [];

  constructor(readonly symbol: string) {}

  get ticks(): readonly PricedTick[] {
    return this.#ticks.sort((a, b) => (a.time < b.time ? -1 : 1));
  }

  /** Posts a tick of so long ago. */
  async post(agoS: number): Promise<PricedTick> {
    const tick = { symbol: this.symbol, time: ago(agoS), price: price() };
    await write.postTick(tick);
    this.#ticks.push(tick);
    return tick;
  }

  put(tick: PricedTick, price: number): void {
    this.delete(tick);
    this.#ticks.push({ time: tick.time, price });
  }

  delete(tick: PricedTick): void {
    this.#ticks.splice(this.#ticks.indexOf(tick), 1);
  }

  note(ticks: readonly PricedTick[]): void {
    this.#ticks.push(...ticks);
  }

  /** Compares the bars of all three intervals with those of the ticks. */
  async expectInBars(): Promise<void> {
    for (const interval of INTERVALS) {
      const bars = await readBars(read, { symbol: this.symbol, interval, ...ALL_OF_TIME });
      expect({ interval, bars }).toEqual({ interval, bars: expectedBars(this.ticks, BUCKETS[interval]) });
    }
  }

  expectInBarsSoon(): Promise<unknown> {
    const what = `all of ${this.symbol} to be in the bars`;
    return eventually(() => this.expectInBars().then(() => true), { timeoutMs: LATE_WITHIN_MS, what });
  }
}

function ago(seconds: number): string {
  return formatTime(nowUs() - Math.round(seconds * 1e6));
}

/** With five decimals, as quotes have. */
function price(): number {
  return Math.round(100_000 + Math.random() * 50_000) / 100_000;
}

// The first of all, while no service has run on this database yet.
it("history that was restored while no service ran is in the bars once tick-ingest runs and has had later ticks", async () => {
  const history = new History("RESTORED");
  const restored = [40, 39.5, 30].map((days) => ({ time: ago(days * DAY_S), price: price() }));
  for (const tick of restored) {
    await system.sql`insert into ticks (symbol, time, seq, price) values ('RESTORED', ${tick.time}, 0, ${tick.price})`;
  }
  history.note(restored);
  write = impatientClient(await system.start("tick-ingest"));
  for (const ageS of [3 * DAY_S, 5 * HOUR_S, 15 * MINUTE_S, 0]) await history.post(ageS);
  await history.expectInBarsSoon();
});

it("a tick is in the minute, the hour and the day as soon as its POST is answered", async () => {
  const history = new History("LIVE");
  for (let index = 0; index < 30; index += 1) {
    await history.post(index % 3 === 0 ? MINUTE_S : 0);
    await history.expectInBars();
  }
});

it("a late tick is in the minute, the hour and the day within 2 s, however old it is", async () => {
  const history = new History("LATE");
  await history.post(0);
  const sinceEpochS = nowUs() / 1e6;
  const ages = [6 * MINUTE_S, 11 * MINUTE_S, 3 * HOUR_S, 3 * DAY_S, 40 * DAY_S, 400 * DAY_S, sinceEpochS - DAY_S];
  for (const ageS of [...ages, ...ages.reverse()]) {
    await history.post(ageS);
    await history.expectInBarsSoon();
  }
});

it("history stays in the bars when later ticks are materialised before it", async () => {
  const histories = ["ONE", "TWO"].map((symbol) => new History(symbol));
  for (const ageS of [40 * DAY_S, 3 * DAY_S, 5 * HOUR_S, 15 * MINUTE_S, 0]) {
    for (const history of histories) await history.post(ageS);
  }
  for (const history of histories) await history.expectInBarsSoon();
});

it("a tick a day for years is in the bars soon, and found by GET /ticks and GET /symbols", async () => {
  const history = new History("SPARSE");
  const days = Array.from({ length: 800 }, (_, index) => 800 - index);
  const ticks = days.map((day) => ({
    symbol: history.symbol,
    time: ago(100 * DAY_S + 2 * day * DAY_S),
    price: price(),
  }));
  await write.postTicks(ticks);
  history.note(ticks.map(({ time, price }) => ({ time, price })));
  const what = "years of days to be in the bars";
  await eventually(() => history.expectInBars().then(() => true), { timeoutMs: 60_000, intervalMs: 500, what });
  const found = await collect(read.ticks({ symbol: history.symbol, ...ALL_OF_TIME }));
  expect(found.map(({ time, price }) => ({ time, price }))).toEqual(history.ticks);
  const ends = { first_tick: ticks[0]?.time, last_tick: ticks.at(-1)?.time };
  expect(await read.symbols()).toContainEqual(expect.objectContaining({ symbol: history.symbol, ...ends }));
});

it("a PUT or DELETE of an old tick is in the bars when it is answered", async () => {
  const history = new History("CORRECTED");
  const { symbol } = history;
  const old = [];
  for (const ageS of [40 * DAY_S, 40 * DAY_S, 40 * DAY_S + HOUR_S, 3 * DAY_S]) old.push(await history.post(ageS));
  const [first, second, third, last] = old;
  if (!first || !second || !third || !last) throw new Error("four ticks were posted");
  await history.expectInBarsSoon();

  expect(await write.putTick({ symbol, time: second.time }, 9)).not.toHaveProperty("bars");
  history.put(second, 9);
  await history.expectInBars();
  expect(await write.deleteTick({ symbol, time: first.time })).not.toHaveProperty("bars");
  history.delete(first);
  await history.expectInBars();
  expect(await write.deleteTick({ symbol, time: last.time })).not.toHaveProperty("bars");
  history.delete(last);
  await history.expectInBars();
  expect(await write.deleteTicks({ symbol, start: ago(41 * DAY_S), end: ago(39 * DAY_S) })).toMatchObject({
    deleted: 2,
  });
  expect(await readBars(read, { symbol, interval: "day", ...ALL_OF_TIME })).toEqual([]);
});
