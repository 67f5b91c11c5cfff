import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { eventually, freePort, type ServerHandle, startRedis } from "@fx-ohlc/embedded";
import type { Limits } from "@fx-ohlc/schemas";
import { createLogger, type Quota, RedisLink } from "@fx-ohlc/service-kit";
import { accessNames } from "../src/access-names.js";
import { QuotaBook } from "../src/limits/quota-book.js";

const logger = createLogger({ service: "test", level: "error", destination: new PassThrough() });
const PER_SECOND = 400;

let redis: ServerHandle;
let links: RedisLink[];
let books: QuotaBook[];

beforeEach(async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "fx-test-limits-"));
  redis = await startRedis({ dataDir, port: await freePort(), temporary: true });
  // Three processes, as far as Redis can tell.
  links = ["a", "b", "c"].map((name) => new RedisLink({ url: redis.url, name, logger }));
  for (const link of links) link.open();
  await eventually(() => links.every(({ isReady }) => isReady), { what: "Redis" });
  books = links.map((link, number) => {
    return new QuotaBook({ redis: link, process: String(number), names: accessNames("test") }, {});
  });
  for (const book of books) book.start();
});

afterEach(async () => {
  await Promise.all(books.map((book) => book.stop()));
  for (const link of links) link.close();
  await redis.stop();
  await rm(redis.dataFolder, { recursive: true });
});

const quotaIn = (book: QuotaBook | undefined, limits: Limits = { requests_per_second: PER_SECOND }): Quota => {
  if (book === undefined) throw new Error("there are three");
  return book.of("key:one", () => limits);
};

/** Asks as often as it can, in some processes, until so much was allowed; and how long that took, in seconds. */
async function hammer(hammered: readonly QuotaBook[], enough: number): Promise<{ allowed: number; seconds: number }> {
  const startMs = performance.now();
  let allowed = 0;
  const ask = async (book: QuotaBook) => {
    while (allowed < enough) {
      try {
        await quotaIn(book).take("requests_per_second", 1);
        allowed += 1;
      } catch {
        // It is over its limit.
      }
      await nextTurn();
    }
  };
  await Promise.all(hammered.map(ask));
  return { allowed, seconds: (performance.now() - startMs) / 1000 };
}

test("three processes allow together what one token may, and all of it", async () => {
  const { allowed, seconds } = await hammer(books, PER_SECOND * 4);
  // A burst counts once, however long it goes on: over ten seconds that is a tenth.
  expect(allowed).toBeLessThanOrEqual(PER_SECOND * (seconds + 1));
});

test("a request that is too large is let in whole, and the debt is paid before the next one, in every process", async () => {
  const [first, second] = books;
  await quotaIn(first).take("requests_per_second", PER_SECOND * 2);
  const refused = async () => {
    try {
      await quotaIn(second).take("requests_per_second", 1);
      return undefined;
    } catch (error) {
      return error;
    }
  };
  await eventually(async () => (await refused()) !== undefined, { what: "the debt to be known" });
  expect(await refused()).toMatchObject({
    code: "too_many_requests",
    headers: {
      "Retry-After": expect.stringMatching(/^[12]$/),
      RateLimit: expect.stringMatching(/^"requests";r=0;t=[12]$/),
      "RateLimit-Policy": `"requests";q=${PER_SECOND};w=1`,
    },
  });
  await eventually(async () => (await refused()) === undefined, { what: "the debt to be paid" });
});

test("what is held counts in all processes until it is let go", async () => {
  const limits = { connections: 2 };
  const [first, second] = books.map((book) => quotaIn(book, limits));
  expect([await first?.hold("connections", 1), await second?.hold("connections", 1)]).toEqual([true, true]);
  expect(await first?.hold("connections", 1)).toBe(false);
  second?.letGo("connections", 1);
  await eventually(async () => (await first?.hold("connections", 1)) === true, { what: "room for another" });
});

test.each([
  ["other limits", { connections: 4 }],
  ["none before", {}],
])("what a token holds counts whatever its limits are changed to meanwhile: %s", async (_what, before) => {
  const [first, second] = books;
  const held = [
    await quotaIn(first, before).hold("connections", 3),
    await quotaIn(second, before).hold("connections", 1),
  ];
  expect(held).toEqual([true, true]);
  const limits = { connections: 6 };
  const inFirst = quotaIn(first, limits);
  quotaIn(second, limits);
  const isTooMuch = async () => {
    if (!(await inFirst.hold("connections", 3))) return true;
    inFirst.letGo("connections", 3);
    return false;
  };
  await eventually(isTooMuch, { what: "the other process to tell what it holds" });
  expect([await inFirst.hold("connections", 2), await inFirst.hold("connections", 1)]).toEqual([true, false]);
});

test("while Redis is away callers go on at about their rate", async () => {
  const [book] = books;
  if (book === undefined) throw new Error("there are three");
  await hammer([book], PER_SECOND);
  await redis.stop();
  const { allowed, seconds } = await hammer([book], PER_SECOND * 2);
  expect(allowed).toBeLessThanOrEqual(PER_SECOND * (seconds + 1));
});
