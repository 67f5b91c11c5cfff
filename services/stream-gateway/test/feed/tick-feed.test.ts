import { PassThrough } from "node:stream";
import { formatOffset, streamNames } from "@fx-ohlc/schemas";
import { createLogger, RedisLink } from "@fx-ohlc/service-kit";
import { eventually, type FaultProxy, faultProxy, type TestRedis, testRedis } from "@fx-ohlc/testkit";
import { StreamReader } from "../../src/feed/stream-reader.js";
import { TickFeed } from "../../src/feed/tick-feed.js";
import { TestPublisher, testTick } from "./test-publisher.js";

const logger = createLogger({ service: "test", level: "info", destination: new PassThrough() });

let redis: TestRedis;
let proxy: FaultProxy;
let publisher: TestPublisher;
let stops: (() => void)[] = [];

beforeAll(async () => {
  redis = await testRedis();
  proxy = await faultProxy(redis.url);
});

beforeEach(async () => {
  await proxy.pass();
  publisher = new TestPublisher(redis.url);
  await publisher.open();
  await publisher.empty("epoch1");
});

afterEach(() => {
  publisher.close();
  for (const stop of stops) stop();
  stops = [];
});

afterAll(async () => {
  await proxy.close();
  await redis.drop();
});

/** A feed whose subscription goes through the proxy, and what it told: `EURUSD epoch1-3` or `EURUSD lost after epoch1-3`. */
function openFeed(): { feed: TickFeed; told: string[]; subscription: RedisLink } {
  const told: string[] = [];
  const subscription = new RedisLink({ url: proxy.url, name: "subscription", logger });
  const commands = new RedisLink({ url: redis.url, name: "commands", logger });
  const listener = {
    onMessage: (symbol: string, { offset }: { offset: { epoch: string; sequence: number } }) =>
      told.push(`${symbol} ${formatOffset(offset)}`),
    onGap: (symbol: string, gap: { reason: string; after: { epoch: string; sequence: number } | undefined }) =>
      told.push(`${symbol} ${gap.reason} after ${gap.after === undefined ? "nothing" : formatOffset(gap.after)}`),
    onForeign: () => undefined,
    onRestart: () => undefined,
  };
  const deployment = () => ({ names: streamNames(""), incarnation: "" });
  const feed = new TickFeed({
    redis: subscription,
    reader: new StreamReader(commands, deployment),
    listeners: [listener],
    deployment,
    onForeign: () => undefined,
    logger,
  });
  feed.start();
  subscription.open();
  commands.open();
  stops.push(() => {
    feed.stop();
    subscription.close();
    commands.close();
  });
  return { feed, told, subscription };
}

async function publish(symbol: string, count: number): Promise<string[]> {
  const offsets: string[] = [];
  for (let index = 0; index < count; index += 1) {
    offsets.push(`${symbol} ${await publisher.ticks(symbol, [testTick(index)])}`);
  }
  return offsets;
}

const synced = (feed: TickFeed) => eventually(() => feed.isSynced, { what: "the feed to be synced" });
const hears = (told: readonly string[], expected: readonly string[]) =>
  eventually(() => {
    expect(told).toEqual(expected);
    return true;
  });

describe("a tick feed", () => {
  test("starts at each symbol's newest message and hands on every later one in order", async () => {
    await publish("EURUSD", 3);
    const { feed, told } = openFeed();
    await synced(feed);
    expect(formatOffset(feed.position("EURUSD") ?? { epoch: "none", sequence: 0 })).toBe("epoch1-3");
    const later = await publish("EURUSD", 50);
    const others = await publish("EUR.1-_X", 2);
    await hears(told, [...later, ...others]);
  });

  test("reads back what was published while its subscription was cut, without a gap", async () => {
    const { feed, told } = openFeed();
    await synced(feed);
    const before = await publish("EURUSD", 5);
    await hears(told, before);
    await proxy.refuse();
    const missed = await publish("EURUSD", 450);
    const born = await publish("GBPUSD", 3);
    await proxy.pass();
    await eventually(() => told.length === 5 + 450 + 3);
    expect(told.filter((line) => line.startsWith("EURUSD"))).toEqual([...before, ...missed]);
    expect(told.filter((line) => line.startsWith("GBPUSD"))).toEqual(born);
  });

  test("notices a subscription that froze without an error, and catches up without waiting for another message", async () => {
    const { feed, told, subscription } = openFeed();
    await synced(feed);
    proxy.freeze();
    const missed = await publish("EURUSD", 20);
    await eventually(() => !subscription.isReady);
    await proxy.pass();
    await hears(told, missed);
  });

  test("declares a gap when Redis was emptied, and hands on the new epoch from its first message", async () => {
    const { feed, told } = openFeed();
    await synced(feed);
    const before = await publish("EURUSD", 4);
    await hears(told, before);
    await publisher.empty("epoch2");
    const after = await publish("EURUSD", 3);
    await hears(told, [...before, "EURUSD lost after epoch1-4", ...after]);
  });

  test("declares a gap when Redis was stopped and came back empty, before any new message", async () => {
    const { feed, told } = openFeed();
    await synced(feed);
    const before = await publish("EURUSD", 4);
    await hears(told, before);
    await redis.stop();
    await redis.start();
    await hears(told, [...before, "EURUSD lost after epoch1-4"]);
    publisher.beginEpoch("epoch2");
    const after = await eventually(() => publish("EURUSD", 3));
    await hears(told, [...before, "EURUSD lost after epoch1-4", ...after]);
  });

  test("declares what the stream no longer holds after a long interruption", async () => {
    const { feed, told } = openFeed();
    await synced(feed);
    const before = await publish("EURUSD", 2);
    await hears(told, before);
    await proxy.refuse();
    const missed = await publish("EURUSD", 30);
    await publisher.trim("EURUSD", 10);
    await proxy.pass();
    await hears(told, [...before, "EURUSD trimmed after epoch1-2", ...missed.slice(20)]);
  });

  test("says up to when everything published has been handed on, and not while its subscription is frozen", async () => {
    const { feed } = openFeed();
    await synced(feed);
    const startMs = performance.now();
    await eventually(() => feed.confirmedAtMs > startMs);
    proxy.freeze();
    const frozenMs = performance.now();
    await eventually(() => performance.now() > frozenMs + 1_500);
    expect(feed.confirmedAtMs).toBeLessThan(frozenMs + 1);
    await proxy.pass();
    await eventually(() => feed.confirmedAtMs > frozenMs + 1_500);
  });
});
