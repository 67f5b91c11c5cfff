import { formatTime, type RevisionMessage, type Tick, type TicksMessage } from "@fx-ohlc/schemas";
import { createLogger, RedisLink } from "@fx-ohlc/service-kit";
import { eventually, type TestRedis, testRedis } from "@fx-ohlc/testkit";
import type { Publisher } from "../src/publish/publisher.js";
import { CommitLedger } from "../src/write/commit-ledger.js";
import { streamOf, TEST_DEPLOYMENT, testPublisher, untoldCommit } from "./told.js";

const logger = createLogger({ service: "test", level: "error" });
const { names } = TEST_DEPLOYMENT;
const NOW = 1_700_000_000_000_000;
const KEEP_S = 300;

let server: TestRedis;
let redis: RedisLink;
const publishers: Publisher[] = [];

beforeAll(async () => {
  server = await testRedis({ settings: { "maxmemory-policy": "noeviction" } });
  redis = new RedisLink({ url: server.url, name: "test", logger });
  // Each test's publisher listens to it.
  redis.client.setMaxListeners(100);
  redis.open();
  await eventually(() => redis.isReady);
});
afterEach(async () => {
  for (const publisher of publishers.splice(0)) publisher.stop();
  await redis.client.configSet("maxmemory", "0");
  await redis.client.flushAll();
});
afterAll(async () => {
  redis.close();
  await server.drop();
});

let commits = 0;
function commit() {
  commits += 1;
  return { xid: String(commits), untold: untoldCommit(), nowUs: NOW, incarnation: TEST_DEPLOYMENT.incarnation };
}

/** Ticks, a millisecond apart, of which the first is `ageS` old. */
function ticks(symbol: string, ageS: number, count: number): Tick[] {
  const fromUs = NOW - ageS * 1_000_000;
  return Array.from({ length: count }, (_, index) => ({ symbol, timeUs: fromUs + index * 1000, seq: 0, price: 1.5 }));
}

function newPublisher(options: Parameters<typeof testPublisher>[2] = {}): Publisher {
  const publisher = testPublisher(redis, new CommitLedger(), options);
  publishers.push(publisher);
  return publisher;
}

const toldAll = (publisher: Publisher) =>
  eventually(() => publisher.bufferedMessages === 0, { what: "everything to be told" });

const stream = (symbol: string) => streamOf(redis, names, symbol);
const streamedTimes = async (symbol: string) =>
  (await stream(symbol)).flatMap((message) => (message.type === "ticks" ? message.ticks.map(({ time }) => time) : []));

/** What Redis itself says that everything takes. */
async function usedBytes(): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await redis.client.info("memory"))?.[1]);
}

describe("ticks older than the streams keep", () => {
  test("are not streamed but declared, and those of the same commit that are younger are streamed", async () => {
    const publisher = newPublisher();
    publisher.publishTicks([...ticks("MIXED", KEEP_S + 60, 500), ...ticks("MIXED", KEEP_S - 1, 3)], commit());
    await toldAll(publisher);
    const messages = await stream("MIXED");
    expect(messages).toHaveLength(2);
    expect(messages).toContainEqual(
      expect.objectContaining({
        type: "revision",
        reason: "lost",
        late: true,
        from: formatTime(NOW - (KEEP_S + 60) * 1_000_000),
        to: formatTime(NOW - (KEEP_S + 60) * 1_000_000 + 499_000 + 1),
      }),
    );
    expect(await streamedTimes("MIXED")).toEqual(ticks("MIXED", KEEP_S - 1, 3).map(({ timeUs }) => formatTime(timeUs)));
  });

  test("make a few messages however many commits an import has, and every tick lies in one of their ranges", async () => {
    const publisher = newPublisher();
    const times: string[] = [];
    for (let chunk = 0; chunk < 400; chunk += 1) {
      const old = ticks("IMPORT", 86_400 * 30 - chunk * 5, 2500);
      times.push(formatTime(old[0]?.timeUs ?? 0), formatTime(old.at(-1)?.timeUs ?? 0));
      publisher.publishTicks(old, commit());
    }
    await toldAll(publisher);
    const told = (await stream("IMPORT")) as RevisionMessage[];
    expect(told.length).toBeLessThan(10);
    expect(times.filter((time) => !told.some(({ from, to }) => from <= time && time < to))).toEqual([]);
  });

  test("are never told with what lies far between them, unless they are very scattered", async () => {
    const publisher = newPublisher();
    publisher.publishTicks(ticks("FIRST", 86_400, 1), commit());
    await toldAll(publisher);
    for (const days of [2, 3, 4, 2]) publisher.publishTicks(ticks("FIRST", days * 86_400, 10), commit());
    await toldAll(publisher);
    const told = (await stream("FIRST")) as RevisionMessage[];
    expect(told).toHaveLength(4);
    for (const { from, to } of told) expect(Date.parse(to) - Date.parse(from)).toBeLessThan(1000);
  });

  test("count as told when their range is on Redis, and not before", async () => {
    const ledger = new CommitLedger();
    const tell = jest.spyOn(ledger, "markTold");
    const link = new RedisLink({ url: server.url, name: "later", logger });
    const publisher = testPublisher(link, ledger);
    publishers.push(publisher);
    const both = commit();
    publisher.publishTicks([...ticks("BOTH", 86_400, 5), ...ticks("BOTH", 1, 5)], both);
    expect(tell).not.toHaveBeenCalled();
    link.open();
    await toldAll(publisher);
    link.close();
    expect(tell.mock.calls).toEqual([[[both.untold]]]);
  });
});

describe("what waited for Redis", () => {
  test("is declared lost when the database has another incarnation meanwhile", async () => {
    const link = new RedisLink({ url: server.url, name: "later", logger });
    let deployment = TEST_DEPLOYMENT;
    const publisher = testPublisher(link, new CommitLedger(), { deployment: () => deployment });
    publishers.push(publisher);
    publisher.publishTicks(ticks("RESTORED", 10, 3), commit());
    deployment = { names, incarnation: "inc00002" };
    publisher.publishTicks(ticks("RESTORED", 5, 2), { ...commit(), incarnation: "inc00002" });
    link.open();
    await toldAll(publisher);
    link.close();
    const [lost, told] = await stream("RESTORED");
    expect(lost).toMatchObject({ type: "revision", reason: "lost", from: formatTime(NOW - 10_000_000) });
    expect(lost).not.toHaveProperty("late");
    expect((told as TicksMessage).ticks).toHaveLength(2);
    expect(told?.offset).toMatch(/^inc00002[a-z0-9]{8}-2$/);
  });
});

test("nothing is published before the database is known", async () => {
  let deployment: typeof TEST_DEPLOYMENT | undefined;
  const publisher = newPublisher({ deployment: () => deployment });
  publisher.publishTicks([...ticks("EARLY", 1, 1), ...ticks("EARLYOLD", 86_400, 1)], commit());
  await redis.client.ping();
  expect(await redis.client.dbSize()).toBe(0);
  deployment = TEST_DEPLOYMENT;
  publisher.wake();
  await toldAll(publisher);
  expect([await stream("EARLY"), await stream("EARLYOLD")].map(({ length }) => length)).toEqual([1, 1]);
});

describe("streams", () => {
  test("keep what is younger than they have to keep, drop what is older, and end when nothing comes", async () => {
    const publisher = newPublisher({ keepS: 3 });
    const publishOne = async () => {
      publisher.publishTicks(ticks("AGED", 0, 1), commit());
      await toldAll(publisher);
    };
    const startedMs = performance.now();
    // When each was asked for, and when it was there: it came in between.
    const spans: { readonly askedMs: number; readonly thereMs: number }[] = [];
    while (performance.now() - startedMs < 6000) {
      const askedMs = performance.now();
      await publishOne();
      spans.push({ askedMs, thereMs: performance.now() });
    }
    const kept = (await stream("AGED")).length;
    const endMs = performance.now();
    expect(kept).toBeGreaterThanOrEqual(spans.filter(({ askedMs }) => askedMs > endMs - 3000).length);
    // Redis counts whole seconds, and a segment is one of them. What is older goes when something new comes.
    const lastMs = spans.at(-1)?.askedMs ?? 0;
    expect(kept).toBeLessThanOrEqual(spans.filter(({ thereMs }) => thereMs > lastMs - 5500).length);
    await eventually(async () => (await redis.client.exists(names.streamKey("AGED"))) === 0);
    const [epoch] = await redis.client.hmGet(names.streamStateKey("AGED"), ["epoch"]);
    await publishOne();
    expect((await stream("AGED"))[0]?.offset).toBe(`${epoch}-${spans.length + 1}`);
  });

  test("keep some 5,000 messages at most", async () => {
    const publisher = newPublisher();
    for (let at = 0; at < 8000; at += 1) publisher.publishTicks(ticks("LONG", 0, 1), commit());
    await toldAll(publisher);
    const kept = (await stream("LONG")).length;
    expect(kept).toBeGreaterThanOrEqual(5000);
    expect(kept).toBeLessThan(6000);
  });

  test("take no more than they may all together, whatever is published by how many processes", async () => {
    const bytesMax = 8_000_000;
    const before = await usedBytes();
    const [one, other] = [newPublisher({ bytesMax }), newPublisher({ bytesMax })];
    let most = 0;
    for (let round = 0; round < 12; round += 1) {
      for (let symbol = 0; symbol < 30; symbol += 1) {
        one.publishTicks(ticks(`A${symbol}`, 0, 1000), commit());
        if (symbol < 3) other.publishTicks(ticks(`B${round}${symbol}`, 0, 2000), commit());
      }
      await Promise.all([toldAll(one), toldAll(other)]);
      most = Math.max(most, (await usedBytes()) - before);
    }
    // Each process may add as much as it publishes in a tenth of a second before it hears of the others.
    expect(most).toBeLessThan(bytesMax * 1.5);
    expect(most).toBeGreaterThan(bytesMax / 4);
  });

  test("leave room for those that come later: the busiest takes half of it", async () => {
    const bytesMax = 4_000_000;
    const publisher = newPublisher({ bytesMax });
    for (let round = 0; round < 100; round += 1) {
      publisher.publishTicks(ticks("BUSY", 0, 2000), commit());
      await toldAll(publisher);
    }
    publisher.publishTicks(ticks("QUIET", 0, 50), commit());
    await toldAll(publisher);
    const held = Number(await redis.client.memoryUsage(names.streamKey("BUSY")));
    expect(held).toBeGreaterThan(bytesMax / 4);
    expect(held).toBeLessThan(bytesMax * 0.65);
    expect(await streamedTimes("QUIET")).toHaveLength(50);
  });
});

describe("a Redis that refuses what is published", () => {
  test("is a problem with a name for as long as it does, logged once, and afterwards everything is told", async () => {
    const lines: string[] = [];
    const log = { ...logger, warn: (line: string) => lines.push(line), info: (line: string) => lines.push(line) };
    const publisher = newPublisher({ logger: log as unknown as typeof logger });
    publisher.publishTicks(ticks("FULL", 0, 1), commit());
    await toldAll(publisher);
    expect(publisher.problems).toEqual([]);
    await redis.client.configSet("maxmemory", "1");
    for (let at = 0; at < 5; at += 1) publisher.publishTicks(ticks(`FULL${at}`, 0, 1), commit());
    await eventually(() => publisher.problems.length > 0);
    expect(publisher.problems).toEqual(["Redis refuses what is published: it is full (maxmemory)"]);
    await redis.client.configSet("maxmemory", "0");
    await toldAll(publisher);
    expect(publisher.problems).toEqual([]);
    for (let at = 0; at < 5; at += 1) expect(await stream(`FULL${at}`)).toHaveLength(1);
    expect(lines).toEqual(["publishing fails, trying again", "publishing works again"]);
  });

  test("is a problem too when it became a replica, or has too few replicas", async () => {
    const publisher = newPublisher();
    await redis.client.configSet("min-replicas-to-write", "1");
    publisher.publishTicks(ticks("ALONE", 0, 1), commit());
    await eventually(() => publisher.problems.length > 0);
    expect(publisher.problems[0]).toContain("too few replicas");
    await redis.client.configSet("min-replicas-to-write", "0");
    await toldAll(publisher);
    expect(await stream("ALONE")).toHaveLength(1);
  });
});
