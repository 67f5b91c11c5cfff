import type { FxClient } from "@fx-ohlc/client";
import { nowUs } from "@fx-ohlc/schemas";
import { eventually, type TestService } from "@fx-ohlc/testkit";
import { ConcurrentWriter } from "../src/concurrent-writer.js";
import { BUCKETS, expectedBars } from "../src/expected-bars.js";
import { seededRandom } from "../src/random.js";
import { readBars } from "../src/reads.js";
import { storedTicks } from "../src/stored.js";
import { backlogOf, impatientClient, System } from "../src/system.js";

const PROCESSES = 3;
const WRITERS_PER_PROCESS = 4;
const REQUESTS_PER_WRITER = 60;
const SYMBOLS = ["ALPHA", "BETA", "GAMMA"];
const REFRESHED_WITHIN_MS = 60_000;
const US_PER_MINUTE = 60_000_000;
const US_PER_DAY = 1440 * US_PER_MINUTE;
const ALL_OF_TIME = { start: "1970-01-01T00:00:00Z", end: "2100-01-01T00:00:00Z" };

describe("several tick-ingest processes that write, correct and delete ticks of the same symbols and times", () => {
  let system: System;
  let ingests: TestService[];
  let read: FxClient;

  beforeAll(async () => {
    system = await System.create();
    ingests = await Promise.all(Array.from({ length: PROCESSES }, () => system.start("tick-ingest")));
    read = impatientClient(await system.start("ohlc-query"));
  });

  afterAll(() => system.stop());

  it("answer every request, and leave every bar equal to one computed from the ticks that are left", async () => {
    // One period is live, the others are late; the last one crosses a day's start at 22:00 UTC.
    const today = Math.floor(nowUs() / US_PER_DAY) * US_PER_DAY;
    const periods = [
      nowUs() - 5 * US_PER_MINUTE,
      nowUs() - 3 * US_PER_DAY,
      today - 9 * US_PER_DAY - 122 * US_PER_MINUTE,
    ];
    const writers = ingests.flatMap((ingest, process) =>
      Array.from({ length: WRITERS_PER_PROCESS }, (_, index) => {
        const random = seededRandom(100 * process + index);
        return new ConcurrentWriter(impatientClient(ingest), { symbols: SYMBOLS, periods }, random);
      }),
    );
    await Promise.all(writers.map((writer) => writer.write(REQUESTS_PER_WRITER)));
    const isRefreshed = async () => (await Promise.all(ingests.map(backlogOf))).every((windows) => windows === 0);
    await eventually(isRefreshed, { timeoutMs: REFRESHED_WITHIN_MS, what: "the bars of late ticks to be refreshed" });

    for (const symbol of SYMBOLS) {
      const ticks = await storedTicks(system.sql, symbol);
      expect(ticks.length).toBeGreaterThan(5_000);
      for (const interval of ["minute", "hour", "day"] as const) {
        const bars = await readBars(read, { symbol, interval, ...ALL_OF_TIME });
        expect({ symbol, interval, bars }).toEqual({ symbol, interval, bars: expectedBars(ticks, BUCKETS[interval]) });
      }
    }
  });
});
