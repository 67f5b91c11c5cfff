import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { eventually, freePort, type ServerHandle, startRedis } from "@fx-ohlc/embedded";
import { createLogger, RedisLink } from "@fx-ohlc/service-kit";
import { accessNames } from "../src/access-names.js";
import { KeyList, type KeySnapshot } from "../src/key-list.js";
import { keysOnRedis } from "../src/key-source.js";
import { SnapshotReader } from "../src/snapshot-reader.js";
import { confirmSnapshot, writeSnapshot, writtenVersion } from "../src/snapshot-writer.js";

const logger = createLogger({ service: "test", level: "error", destination: new PassThrough() });
const names = accessNames("test");
const of = (version: string): KeySnapshot => ({ version, keys: [], subjects: { [version]: 1 } });

let redis: ServerHandle;
let link: RedisLink;
let clockMs: number;
let list: KeyList;
let reader: SnapshotReader;

beforeAll(async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "fx-test-snapshot-"));
  redis = await startRedis({ dataDir, port: await freePort(), temporary: true });
  link = new RedisLink({ url: redis.url, name: "test", logger });
  link.open();
  await eventually(() => link.isReady, { what: "Redis" });
});

afterAll(async () => {
  link.close();
  await redis.stop();
  await rm(redis.dataFolder, { recursive: true });
});

beforeEach(async () => {
  await link.client.flushAll();
  clockMs = 0;
  list = new KeyList(() => clockMs);
  const readKeys = keysOnRedis(link, () => names);
  reader = new SnapshotReader({ list, readKeys, subscription: link, namespace: () => "test", logger });
});

test("who read the database before another one wrote does not put back what he read, and who read it after does", async () => {
  expect(await writeSnapshot(link, names, of("1"), undefined)).toBe(true);
  expect(await writeSnapshot(link, names, of("3"), "1")).toBe(true);
  expect(await writeSnapshot(link, names, of("2"), "1")).toBe(false);
  expect(await writtenVersion(link, names)).toBe("3");
  // A restored database says less than it did.
  expect(await writeSnapshot(link, names, of("2"), "3")).toBe(true);
  await reader.look();
  expect([list.version, list.isRevoked("2", undefined), list.isRevoked("3", undefined)]).toEqual(["2", true, false]);
});

test("a list is stale when nobody has found it to be the database's for 30 s, though Redis answers", async () => {
  await writeSnapshot(link, names, of("1"), undefined);
  await link.client.pExpire(names.confirmed, 10_000);
  await reader.look();
  clockMs += 9000;
  expect(list.isStale).toBe(false);
  clockMs += 2000;
  expect(list.isStale).toBe(true);
  expect(await confirmSnapshot(link, names, "1")).toBe(true);
  await reader.look();
  expect(list.isStale).toBe(false);
});

test("a full Redis does not keep what it holds from being confirmed, and what it does not hold is not", async () => {
  await writeSnapshot(link, names, of("1"), undefined);
  await link.client.configSet("maxmemory", "1");
  try {
    await link.client.pExpire(names.confirmed, 10_000);
    expect(await confirmSnapshot(link, names, "1")).toBe(true);
    expect(await link.client.pTTL(names.confirmed)).toBeGreaterThan(20_000);
    expect(await confirmSnapshot(link, names, "2")).toBe(false);
    await expect(writeSnapshot(link, names, of("2"), "1")).rejects.toThrow("OOM");
    await reader.look();
    expect([list.version, list.isStale]).toEqual(["1", false]);
  } finally {
    await link.client.configSet("maxmemory", "0");
  }
});
