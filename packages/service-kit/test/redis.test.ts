import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { eventually, freePort, type ServerHandle, startRedis } from "@fx-ohlc/embedded";
import { createLogger, DeadlineError, guarded, RedisLink } from "../src/index.js";

const log = new PassThrough();
const logger = createLogger({ service: "test", level: "info", destination: log });

let redis: ServerHandle;
let links: RedisLink[] = [];

beforeAll(async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "fx-test-redis-"));
  redis = await startRedis({ dataDir, port: await freePort(), temporary: true });
});

afterEach(() => {
  for (const link of links) link.close();
  links = [];
});

afterAll(async () => {
  await redis.stop();
  await rm(redis.dataFolder, { recursive: true });
});

function open(name: string): RedisLink {
  const link = new RedisLink({ url: redis.url, name, logger });
  links.push(link);
  link.open();
  return link;
}

const ready = (link: RedisLink) => eventually(() => link.isReady);
const notReady = (link: RedisLink, timeoutMs: number) => eventually(() => !link.isReady, { timeoutMs });

describe("RedisLink", () => {
  test("connects in the background and answers commands once it is ready", async () => {
    const link = open("commands");
    await ready(link);
    await link.client.set("key", "value");
    expect(await link.client.get("key")).toBe("value");
    await link.ping();
  });

  test("refuses commands at once while Redis is stopped, and takes them again when it is back", async () => {
    const link = open("stopped");
    await ready(link);
    await redis.stop();
    await notReady(link, 2000);
    // Not after a while, and not when it is back, which it never would be.
    await expect(link.client.set("key", "value")).rejects.toThrow();
    await redis.start();
    await ready(link);
    expect(await link.client.set("key", "value")).toBe("OK");
  });

  test("notices a frozen Redis within two seconds, also under a steady stream of commands, and recovers", async () => {
    const link = open("frozen");
    await ready(link);
    const outcomes: Promise<unknown>[] = [];
    const load = setInterval(() => outcomes.push(link.client.incr("count").catch((error: unknown) => error)), 5);
    await redis.freeze();
    try {
      await notReady(link, 2000);
    } finally {
      clearInterval(load);
      await redis.thaw();
    }
    await Promise.all(outcomes); // None hangs for ever.
    await ready(link);
    await link.ping();
  });

  test("gives up a handshake that a frozen Redis never completes, and connects when it thaws", async () => {
    await redis.freeze();
    const link = open("handshake");
    try {
      await eventually(() => String(log.read()).includes('"connection":"handshake"'));
    } finally {
      await redis.thaw();
    }
    await ready(link);
  });

  test("rejects a ping within a second while Redis is frozen", async () => {
    const link = open("ping");
    await ready(link);
    await redis.freeze();
    try {
      await expect(link.ping()).rejects.toThrow();
    } finally {
      await redis.thaw();
    }
  });

  test("keeps its subscriptions through an outage and a freeze, and calls back at each new connection", async () => {
    const publisher = open("publisher");
    const subscriber = new RedisLink({ url: redis.url, name: "subscriber", logger });
    links.push(subscriber);
    let connections = 0;
    subscriber.onReady(() => {
      connections += 1;
    });
    subscriber.open();
    const received: string[] = [];
    await ready(subscriber);
    await subscriber.client.subscribe("news", (message) => received.push(message));
    const hears = async (message: string) => {
      await eventually(async () => {
        await publisher.client.publish("news", message);
        return received.includes(message);
      });
    };
    await hears("one");
    await redis.stop();
    await notReady(subscriber, 2000);
    await redis.start();
    await hears("two");
    await redis.freeze();
    await notReady(subscriber, 2500);
    await redis.thaw();
    await hears("three");
    expect(connections).toBe(3);
  });

  test("goes on delivering after a listener that throws and one that rejects, and logs both", async () => {
    const link = open("guarded");
    const publisher = open("publisher");
    await Promise.all([ready(link), ready(publisher)]);
    const received: string[] = [];
    const listener = guarded(logger, "tick message", (message: string) => {
      if (message === "throw") throw new Error("listener threw");
      if (message === "reject") return Promise.reject(new Error("listener rejected"));
      return received.push(message);
    });
    await link.client.subscribe("guarded", listener);
    log.read();
    await publisher.client
      .multi()
      .publish("guarded", "throw")
      .publish("guarded", "reject")
      .publish("guarded", "last")
      .exec();
    await eventually(() => received.length > 0);
    expect(received).toEqual(["last"]);
    expect(String(log.read())).toMatch(/listener threw.*\n.*listener rejected/);
  });

  test("says once, without credentials, that Redis is away, however often it tries", async () => {
    await redis.stop();
    log.read();
    const link = open("away");
    let attempts = 0;
    link.client.on("reconnecting", () => {
      attempts += 1;
    });
    await eventually(() => attempts > 3);
    await redis.start();
    await ready(link);
    const lines = String(log.read()).trim().split("\n");
    expect(lines.map((line) => JSON.parse(line).message)).toEqual(["redis disconnected", "redis connected"]);
  });

  test("rejects what is in flight when it is closed, and stays closed", async () => {
    const link = open("closed");
    await ready(link);
    const blocked = expect(link.client.blPop("nothing", 0)).rejects.toThrow();
    link.close();
    await blocked;
    expect(link.isReady).toBe(false);
    await expect(link.ping()).rejects.not.toBeInstanceOf(DeadlineError);
  });
});
