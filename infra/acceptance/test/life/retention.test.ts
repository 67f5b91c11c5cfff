import { formatTime } from "@fx-ohlc/schemas";
import { eventually } from "@fx-ohlc/testkit";
import { send } from "../../src/life/acts/ticks.js";
import { DAY_US, HOUR_US, MINUTE_US } from "../../src/life/buckets.js";
import type { LifeEvent, Place } from "../../src/life/event.js";
import { dueMarkUs, horizonUs } from "../../src/life/facts.js";
import { SYMBOLS } from "../../src/life/life.js";
import { ToldLife } from "../../src/life/told-life.js";

const [SYMBOL] = SYMBOLS;
/** Longer than a few looks of the worker that drops, ms. */
const DROPPED_MS = 20_000;

const keep = (keepDays: number | "left-out"): LifeEvent => ({ kind: "settings", keepDays });
const MAINTAIN: LifeEvent = { kind: "maintain" };
/** In the middle of what `RETENTION_DAYS=8` drops of the first history. */
const LONG_AGO: Place = { around: "days", at: 0.7 };

let told: ToldLife;
beforeEach(async () => {
  told = await ToldLife.begin();
});
afterEach(() => told.life.end());

/** Until the mark is where the setting says, by the worker that runs. */
async function untilMarked(): Promise<void> {
  const isMarked = async () => {
    const facts = await told.life.facts();
    return facts.markUs >= dueMarkUs(facts);
  };
  await eventually(isMarked, { timeoutMs: DROPPED_MS, what: "the mark to move" });
}

/** Symbol's ticks at times of the database's clock. */
async function post(timesUs: readonly number[]): Promise<void> {
  told.life.beginEvent();
  await send(
    told.life,
    timesUs.map((timeUs, index) => ({ symbol: SYMBOL, timeUs, price: 1 + index / 1_000 })),
  );
  await told.isAsItShouldBe();
}

test("no bar of a dropped tick changes when RETENTION_DAYS goes from 8 to 25 and to 0", async () => {
  await told.happens(keep(8), MAINTAIN, keep(25), MAINTAIN, keep(0), MAINTAIN);
  expect((await told.life.facts()).markUs).toBeGreaterThan(0);
});

test("a replay, a PUT and a DELETE of dropped ticks are refused as older_than_retention, and no bar changes", async () => {
  await told.happens(
    keep(8),
    MAINTAIN,
    keep(0),
    { kind: "replay", pick: 0 },
    { kind: "put", symbol: 0, place: LONG_AGO, price: 9 },
    { kind: "delete", symbol: 0, place: LONG_AGO, minutes: 10_000 },
    { kind: "delete-stamp", symbol: 0, place: LONG_AGO },
    { kind: "post", symbol: 0, places: [LONG_AGO], prices: [9] },
  );
});

test.each(["session", "process"] as const)(
  "a sweep whose %s is killed in the middle leaves nothing that could be counted or corrected",
  async (how) => {
    await told.happens({ kind: "kill-maintenance", keepDays: 12, how, afterMs: 0 });
    for (const afterMs of [30, 200]) {
      const keepDays = afterMs === 30 ? 10 : 8;
      await told.happens(
        { kind: "kill-maintenance", keepDays, how, afterMs },
        { kind: "put", symbol: 1, place: { around: "mark", at: 0.4 }, price: 9 },
        { kind: "replay", pick: 0.5 },
      );
    }
  },
);

test("a minute of which a killed sweep has deleted half is not made of the other half", async () => {
  const { system } = told.life;
  const minuteUs = Math.floor((system.nowUs() - 10 * DAY_US) / MINUTE_US) * MINUTE_US;
  // Two batches of a sweep on plain PostgreSQL.
  await post(Array.from({ length: 10_000 }, (_, index) => minuteUs + index * 5_000));
  const [last] = told.life.model.ticks(SYMBOL).filter(({ timeUs }) => timeUs >= minuteUs + 49_000_000);
  const lock = await system.database.sql.reserve();
  await lock`begin`;
  await lock`select 1 from ticks where symbol = ${SYMBOL} and time = ${formatTime(last?.timeUs ?? 0)} for update`;
  await system.migrate({ retentionDays: 8 });
  await untilMarked();
  await system.killIngest();
  await lock`rollback`;
  lock.release();
  await system.services.ingest.start();
  // However long ticks are kept from now on.
  await told.happens(keep(0), { kind: "put", symbol: 0, place: { around: "days", at: 0.375 }, price: 9 }, MAINTAIN);
});

test("settings that are left out of fx-migrate keep their values, also after the guide's own restore", async () => {
  await told.happens(keep(8), MAINTAIN, { kind: "backup" });
  await told.happens(
    { kind: "post", symbol: 0, places: [{ around: "hours", at: 0.5 }], prices: [2] },
    { kind: "restore", pick: 0, isMigrated: true, isStopped: true },
    keep("left-out"),
    MAINTAIN,
  );
  expect((await told.life.facts()).keepDays).toBe(8);
});

test("ticks are dropped by the database's clock, not by that of a service that is days ahead", async () => {
  await told.happens(keep(15), MAINTAIN, { kind: "service-clock", aheadS: 5 * 86_400 });
  const { ingest } = told.life.system.services;
  await ingest.stop();
  await ingest.start();
  const { sql } = told.life.system.database;
  const renewals = async () => (await sql<{ n: number }[]>`select renewals::int as n from maintenance`)[0]?.n ?? 0;
  const before = await renewals();
  // It looks at what has expired many times before it says again that it is well.
  await eventually(async () => (await renewals()) >= before + 2, { what: "the worker to have looked" });
  await told.isAsItShouldBe();
});

test("the sweep goes on when the services' clocks are set back", async () => {
  await told.happens({ kind: "service-clock", aheadS: -3_000 });
  await told.life.system.migrate({ retentionDays: 8 });
  told.life.marks.allow(await told.life.facts());
  await untilMarked();
  await told.isAsItShouldBe();
});

test("drops stop when the database's clock jumps by more than an hour, until somebody confirms it", async () => {
  await told.happens(keep(8), MAINTAIN);
  const { markUs } = await told.life.facts();
  await told.happens({ kind: "database-clock", aheadS: 10 * 86_400 });
  const isHeld = async () => (await told.life.facts()).heldBecause !== undefined;
  await eventually(isHeld, { timeoutMs: DROPPED_MS, what: "drops to be held" });
  await told.happens({ kind: "clocks-right" });
  expect((await told.life.facts()).markUs).toBe(markUs);
  expect((await told.life.facts()).heldBecause).toContain("jumped");
  await told.life.system.migrate({ confirmClock: true });
  expect((await told.life.facts()).heldBecause).toBeUndefined();
  await told.isAsItShouldBe();
});

test("ticks of now are in every bar after the database's clock was ahead", async () => {
  const post = (at: number): LifeEvent => ({ kind: "post", symbol: 0, places: [{ around: "now", at }], prices: [2] });
  await told.happens(
    post(0.95),
    { kind: "database-clock", aheadS: 10 * 86_400 },
    { kind: "operator", act: "refresh-safely", at: 0 },
    { kind: "clocks-right" },
    post(0.01),
    post(0),
  );
});

test("a correction two hours inside the horizon is exact at every level", async () => {
  await told.happens(keep(30));
  const { nowUs } = await told.life.facts();
  const timeUs = Math.ceil(nowUs / MINUTE_US) * MINUTE_US - 30 * DAY_US + 2 * HOUR_US;
  await post([timeUs, timeUs + 1_000_000, timeUs + HOUR_US]);
  await told.happens(MAINTAIN);
  const price = 9.5;
  const { ingest, query } = told.life.system.services;
  const put = `/ticks?${new URLSearchParams({ symbol: SYMBOL, time: formatTime(timeUs) })}`;
  const headers = { "content-type": "application/json" };
  const answer = await fetch(`${ingest.url}${put}`, { method: "PUT", headers, body: JSON.stringify({ price }) });
  expect(answer.status).toBe(200);
  told.life.model.put({ symbol: SYMBOL, timeUs, seq: 0, price });
  await told.isAsItShouldBe();
  for (const interval of ["4h", "12h", "1w", "1M"]) {
    const range = {
      symbol: SYMBOL,
      interval,
      start: formatTime(timeUs - 40 * DAY_US),
      end: formatTime(timeUs + DAY_US),
    };
    const bars = (await (await fetch(`${query.url}/ohlc?${new URLSearchParams(range)}`)).json()) as { high: number }[];
    expect(bars.map(({ high }) => high)).toContain(price);
  }
});

test("what is accepted before retention is shortened is in the bars, also while its windows wait", async () => {
  const { system } = told.life;
  const waiting = await system.database.sql.reserve();
  // As long as somebody holds this lock nothing is refreshed.
  await waiting`select pg_advisory_lock(5064224)`;
  const { nowUs } = await told.life.facts();
  told.life.beginEvent();
  const ticks = [9, 10, 20].map((days) => ({ symbol: SYMBOL, timeUs: nowUs - days * DAY_US, price: 7 }));
  await send(told.life, ticks);
  await system.migrate({ retentionDays: 8 });
  told.life.marks.allow(await told.life.facts());
  await waiting`select pg_advisory_unlock(5064224)`;
  waiting.release();
  await untilMarked();
  await told.isAsItShouldBe();
});

test("a tick-ingest whose clock is behind refuses what has expired by the database's clock", async () => {
  await told.happens(keep(8), { kind: "service-clock", aheadS: -3 * 86_400 });
  const horizon = horizonUs(await told.life.facts());
  await post([horizon + HOUR_US]);
  await post([horizon - HOUR_US]);
  expect(told.life.model.ticks(SYMBOL).some(({ timeUs }) => timeUs === horizon - HOUR_US)).toBe(false);
});

test.each([7, 10])("everything stopped for %i days with RETENTION_DAYS=8 loses no bar", async (days) => {
  await told.happens(
    keep(8),
    MAINTAIN,
    { kind: "post", symbol: 1, places: [0.1, 0.5, 0.9].map((at) => ({ around: "hours", at })), prices: [1, 2, 3] },
    { kind: "post", symbol: 1, places: [0.1, 0.5, 0.9].map((at) => ({ around: "now", at })), prices: [4, 5, 6] },
    { kind: "outage", hours: days * 24, killed: true },
    { kind: "post", symbol: 1, places: [{ around: "now", at: 0.5 }], prices: [7] },
    MAINTAIN,
  );
  expect((await told.life.facts()).markUs).toBeGreaterThan(told.life.system.nowUs() - 9 * DAY_US);
});
