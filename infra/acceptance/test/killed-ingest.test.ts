import { setTimeout as delay } from "node:timers/promises";
import { formatTime } from "@fx-ohlc/schemas";
import { eventually, type TestService } from "@fx-ohlc/testkit";
import { type Draft, postOneByOne } from "../src/producer.js";
import { seededRandom } from "../src/random.js";
import { type StoredTick, storedTicks } from "../src/stored.js";
import { System } from "../src/system.js";
import { ageUntold } from "../src/untold.js";
import { Witness } from "../src/witness.js";

const TICKS = 50_000;
const CONNECTIONS = 64;
const KILLS = 5;
/** It takes 40 s on two cores that it shares with one other test, and took more than 120 s on busier ones. */
const TIMEOUT_MS = 300_000;
/** A commit takes some 8 ms here from its first request to its last answer: kills hit every phase of one, ms. */
const KILL_SPREAD_MS = 12;
/** What is not told of within 15 s is declared, with room for two busy cores, ms. */
const DECLARED_WITHIN_MS = 40_000;
const SYMBOL = "EURUSD";

/** One tick each millisecond from a minute ago; every tenth shares the stamp of the one before it, at another price. */
function drafts(): Draft[] {
  const startUs = (Date.now() - 60_000) * 1000;
  return Array.from({ length: TICKS }, (_, index) => ({
    symbol: SYMBOL,
    time: formatTime(startUs + (index % 10 === 9 ? index - 1 : index) * 1000),
    price: 1 + index / 100_000,
  }));
}

describe("tick-ingest killed with SIGKILL while 64 connections post to it", () => {
  let system: System;
  let ingest: TestService;
  let witness: Witness;

  beforeAll(async () => {
    system = await System.create();
    ingest = await system.start("tick-ingest");
    witness = await Witness.open(system.redis.url, await system.streamNames());
  });

  afterAll(async () => {
    witness.close();
    await system.stop();
  });

  it(
    "keeps each of 50,000 acknowledged ticks exactly once, and tells of each or declares it lost",
    async () => {
      const sent = drafts();
      const killAt = Array.from({ length: KILLS }, (_, index) => Math.round(((index + 1) * TICKS) / (KILLS + 1)));
      const random = seededRandom(1);
      let restart = Promise.resolve();
      const acknowledged = await postOneByOne(ingest.url, sent, CONNECTIONS, (count) => {
        if (!killAt.includes(count)) return;
        restart = delay(random() * KILL_SPREAD_MS)
          .then(() => ingest.kill9())
          .then(() => ageUntold(system.sql))
          .then(() => ingest.start());
      });
      await restart;
      const stored = await storedTicks(system.sql, SYMBOL);
      expect(stored.map(({ time, price }) => `${time} ${price}`).sort()).toEqual(
        sent.map(({ time, price }) => `${time} ${price}`).sort(),
      );
      expect(acknowledged.map(rowOf).sort()).toEqual(stored.map(rowOf).sort());
      await eventually(() => untold(stored).length === 0, {
        timeoutMs: DECLARED_WITHIN_MS,
        what: "every tick to be on the stream or declared lost",
      });
    },
    TIMEOUT_MS,
  );

  function untold(ticks: readonly StoredTick[]): StoredTick[] {
    const told = witness.heard(SYMBOL);
    return ticks.filter((tick) => !told.covers(tick));
  }
});

function rowOf({ time, seq, price }: StoredTick): string {
  return `${time} ${seq} ${price}`;
}
