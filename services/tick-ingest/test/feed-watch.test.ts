import { PassThrough } from "node:stream";
import { Database } from "@fx-ohlc/database";
import { feedNames, formatTime, MarketSessions, parseTime, US_PER_SECOND } from "@fx-ohlc/schemas";
import { createLogger, RedisLink } from "@fx-ohlc/service-kit";
import { eventually, type TestDatabase, type TestRedis, testDatabase, testRedis } from "@fx-ohlc/testkit";
import { FeedNews } from "../src/feeds/feed-news.js";
import { FeedStore } from "../src/feeds/feed-store.js";
import { FeedTables } from "../src/feeds/feed-tables.js";
import { FeedWatch } from "../src/feeds/feed-watch.js";
import { SteadyClock } from "../src/feeds/steady-clock.js";

const WEDNESDAY = parseTime("2025-12-03T12:00:00Z") ?? 0;
const names = feedNames("test");
/** How often it is looked: a pause of more than five seconds would begin another watch. */
const STEP_S = 4;

let server: TestDatabase;
let redis: TestRedis;
let link: RedisLink;
let database: Database;
let store: FeedStore;
let tables: FeedTables;
/** The database's clock, and one that nobody sets. */
let nowUs: number;
let monotonicMs: number;
let watch: FeedWatch;

beforeAll(async () => {
  [server, redis] = await Promise.all([testDatabase(), testRedis()]);
  const logger = createLogger({ service: "test", level: "error", destination: new PassThrough() });
  link = new RedisLink({ url: redis.url, name: "test", logger });
  link.open();
  database = new Database({
    url: server.url,
    ...{ applicationName: "test", connectionsMax: 2, statementTimeoutMs: 10_000, isWritten: true },
  });
  database.start();
  await database.untilAvailable(new AbortController().signal);
  await eventually(() => link.isReady);
  store = new FeedStore(link, () => names);
  tables = new FeedTables(database, new MarketSessions([]));
});

afterAll(async () => {
  link.close();
  await database.close(1000);
  await Promise.all([server.drop(), redis.drop()]);
});

beforeEach(async () => {
  await link.client.flushAll();
  await database.sql`delete from feeds`;
  await database.sql`delete from feed_outages`;
  [nowUs, monotonicMs] = [WEDNESDAY, 0];
  watch = newWatch();
  await watch.step();
});

function newWatch(): FeedWatch {
  const clock = new SteadyClock(
    () => nowUs,
    () => monotonicMs,
  );
  return new FeedWatch({ store, tables, clock, quietAfterS: 60 });
}

/** Time passes, and what happens meanwhile happens every four seconds. */
async function pass(seconds: number, meanwhile: () => Promise<unknown> = async () => undefined): Promise<void> {
  for (let passed = 0; passed < seconds; passed += STEP_S) {
    nowUs += STEP_S * US_PER_SECOND;
    monotonicMs += STEP_S * 1000;
    await meanwhile();
    await watch.step();
  }
}

async function hear(feed: string, symbol: string, kind: "tick" | "heartbeat" = "tick"): Promise<void> {
  const news = new FeedNews();
  if (kind === "tick") news.hearTicks(feed, [{ symbol, timeUs: nowUs - 20_000 }], nowUs);
  else news.hearHeartbeat(feed, [symbol], 10, nowUs);
  await store.hear(news.take(), nowUs);
}

const stateOf = (symbol: string) => watch.judged.status.get(symbol)?.state;

async function outages(): Promise<(string | null)[][]> {
  const rows = await database.sql<{ symbol: string; from_time: number; to_time: number | null }[]>`
    select symbol, from_time, to_time from feed_outages order by symbol, from_time`;
  const time = (us: number | null) => (us === null ? null : formatTime(us).slice(11, 19));
  return rows.map(({ symbol, from_time, to_time }) => [symbol, time(from_time), time(to_time)]);
}

test("a symbol is down when the last of its feeds is, since it was heard last, and until it is heard again", async () => {
  await pass(8, () => Promise.all([hear("lp1", "EURUSD"), hear("lp2", "EURUSD"), hear("lp1", "GBPUSD", "heartbeat")]));
  expect([stateOf("EURUSD"), stateOf("GBPUSD"), stateOf("USDJPY")]).toEqual(["live", "quiet", undefined]);
  await pass(64, () => hear("lp2", "EURUSD"));
  expect(watch.judged.states.get("lp1\tEURUSD")?.state).toBe("down");
  expect([stateOf("EURUSD"), stateOf("GBPUSD")]).toEqual(["live", "down"]);
  await pass(64);
  expect(stateOf("EURUSD")).toBe("down");
  await pass(20, () => hear("lp1", "EURUSD", "heartbeat"));
  expect(stateOf("EURUSD")).toBe("quiet");
  expect(await outages()).toEqual([
    ["EURUSD", "12:01:12", "12:02:20"],
    ["GBPUSD", "12:00:08", null],
  ]);
  expect(await store.status()).toEqual(watch.judged.status);
});

test("one process judges; another one goes on where it ended, and calls nothing down that was not heard meanwhile", async () => {
  await pass(8, () => Promise.all([hear("lp1", "EURUSD"), hear("lp1", "GBPUSD")]));
  await pass(64, () => hear("lp1", "EURUSD"));
  expect(stateOf("GBPUSD")).toBe("down");
  const other = newWatch();
  await other.step();
  expect(other.judged.status.size).toBe(0);
  // It dies, and so does everything else for an hour.
  await link.client.del(names.lease);
  nowUs += 3600 * US_PER_SECOND;
  monotonicMs += 3_600_000;
  watch = newWatch();
  await watch.step();
  expect([stateOf("EURUSD"), stateOf("GBPUSD")]).toEqual(["live", "down"]);
  expect((await outages()).map(([symbol]) => symbol)).toEqual(["GBPUSD"]);
  await pass(64);
  expect(stateOf("EURUSD")).toBe("down");
  // From when on somebody listened: nobody knows of the hour before.
  expect(await outages()).toContainEqual(["EURUSD", "13:01:12", null]);
});

test("what Redis has lost is known from the database, and given its time", async () => {
  await pass(64, () => hear("lp1", "EURUSD"));
  await link.client.flushAll();
  watch = newWatch();
  await watch.step();
  expect(stateOf("EURUSD")).toBe("quiet");
  await pass(64);
  expect(stateOf("EURUSD")).toBe("down");
  const lasting = await outages();
  // Whoever watches remembers more than that: it tells all of it again.
  await link.client.flushAll();
  await pass(STEP_S);
  expect([await store.status(), await outages()]).toEqual([watch.judged.status, lasting]);
  expect(stateOf("EURUSD")).toBe("down");
  // Somebody else watches then, who remembers nothing.
  await link.client.flushAll();
  watch = newWatch();
  await pass(STEP_S);
  expect([stateOf("EURUSD"), await outages()]).toEqual(["down", lasting]);
  await pass(STEP_S, () => hear("lp1", "EURUSD"));
  expect([stateOf("EURUSD"), (await outages()).at(0)?.at(2)]).toEqual(["live", formatTime(nowUs).slice(11, 19)]);
});

test.each([3600, -3600])("a clock that jumps by %s s calls nothing down, and hides nothing for long", async (jumpS) => {
  await pass(8, () => hear("lp1", "EURUSD"));
  nowUs += jumpS * US_PER_SECOND;
  await pass(STEP_S);
  expect([stateOf("EURUSD"), await outages()]).toEqual(["live", []]);
  await pass(40, () => hear("lp1", "EURUSD"));
  expect([stateOf("EURUSD"), await outages()]).toEqual(["live", []]);
  await pass(64);
  expect([stateOf("EURUSD"), (await outages()).length]).toEqual(["down", 1]);
});

test("an outage ends when the market closes, and begins again some time after it opens", async () => {
  nowUs = parseTime("2025-12-05T21:58:00Z") ?? 0;
  watch = newWatch();
  await link.client.del(names.lease);
  await pass(8, () => hear("lp1", "EURUSD"));
  await pass(120);
  expect([stateOf("EURUSD"), await outages()]).toEqual(["closed", [["EURUSD", "21:58:08", "22:00:00"]]]);
  nowUs = parseTime("2025-12-07T21:59:58Z") ?? 0;
  await pass(8);
  expect(stateOf("EURUSD")).toBe("quiet");
  await pass(64);
  expect([stateOf("EURUSD"), (await outages()).at(1)]).toEqual(["down", ["EURUSD", "22:00:02", null]]);
});

test("a feed that was not heard for a week is forgotten, and its outage ends", async () => {
  await pass(64, () => hear("lp1", "EURUSD"));
  await pass(64);
  nowUs += 8 * 86_400 * US_PER_SECOND;
  await pass(STEP_S);
  expect((await store.pairs()).size).toBe(1);
  await pass(664);
  expect([stateOf("EURUSD"), await tables.pairs(), (await store.pairs()).size]).toEqual([undefined, [], 0]);
  expect((await outages()).at(0)?.at(2)).not.toBeNull();
});
