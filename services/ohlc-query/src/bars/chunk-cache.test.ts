import { Chunk } from "./chunk.js";
import { ChunkCache } from "./chunk-cache.js";
import { Series } from "./series.js";

const CHUNKS = 100;
const series = new Series("EURUSD", "1m", { hour: 22, timezone: "UTC" }, "minute", true, false);
const chunkOf = () =>
  Chunk.of({ ...{ series, spans: [], versions: "" }, ...{ span: series.spanAt(0), fromUs: 0, toUs: 1 } }, []);

let cache: ChunkCache;
beforeEach(() => {
  cache = new ChunkCache(CHUNKS * chunkOf().bytes);
});

const keysOf = (name: string, count: number) => Array.from({ length: count }, (_, i) => `${name} ${i}`);

/** As a read does. */
function read(key: string): void {
  const kept = cache.get(key);
  if (kept === undefined) cache.set(key, chunkOf());
  else cache.use(key, kept);
}

test("who reads through ten times as much as there is room for leaves what others use where it is", () => {
  const hot = keysOf("hot", CHUNKS / 2);
  for (let times = 0; times < 3; times += 1) hot.forEach(read);
  for (const key of keysOf("scanned", 10 * CHUNKS)) {
    read(key);
    // The next page begins with the last bar of this one.
    read(key);
  }
  const before = cache.hits;
  hot.forEach(read);
  expect(cache.hits - before).toBeGreaterThanOrEqual(0.9 * hot.length);
  expect(cache.bytes).toBeLessThanOrEqual(cache.bytesMax);
});

test("what is used no more gives way to what is, and growth counts wherever it is", () => {
  const [old, later] = [keysOf("old", CHUNKS), keysOf("later", CHUNKS / 2)];
  for (const keys of [old, later]) for (let times = 0; times < 3; times += 1) keys.forEach(read);
  expect(later.every((key) => cache.get(key) !== undefined)).toBe(true);
  for (const key of [...old, ...later]) {
    cache.get(key)?.grow(1000);
    expect(cache.bytes).toBeLessThanOrEqual(cache.bytesMax);
  }
  cache.deleteAll("");
  expect(cache.bytes).toBe(0);
});

test("what was pushed out while an answer was made of it is there again after that, and what was changed is not", () => {
  for (const key of ["pushed out", "changed"]) {
    read(key);
    const chunk = cache.get(key) ?? chunkOf();
    keysOf(`${key}, others`, CHUNKS).forEach(read);
    expect(cache.get(key)).toBeUndefined();
    if (key === "changed") cache.delete(key);
    cache.use(key, chunk);
    expect(cache.get(key)).toBe(key === "changed" ? undefined : chunk);
    expect(cache.bytes).toBeLessThanOrEqual(cache.bytesMax);
  }
});
