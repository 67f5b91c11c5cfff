import { setImmediate as nextTurn } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { eachColumn } from "../bars/bar-columns.js";
import { Bars, partOf } from "../bars/bars.js";
import { Chunk } from "../bars/chunk.js";
import { Series } from "../bars/series.js";
import { formOf } from "../formats/bar-form.js";
import { BarsBody } from "../formats/bars-body.js";
import { keptParts } from "./kept-parts.js";

const MINUTE_US = 60_000_000;
const COUNT = 250;
const boundary = { hour: 22, timezone: "UTC" };

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void; // What the flag adds.

function chunkOf(symbol: string): Chunk {
  const series = new Series(symbol, "1m", boundary, "minute", true, false);
  const price = (i: number) => 1 + ((i * 7919) % 1000) / 1000;
  const columns = eachColumn((name) =>
    Array.from({ length: COUNT }, (_, i) =>
      name === "bucketUs" ? i * MINUTE_US : name === "tickCount" ? 1 : price(i),
    ),
  );
  const facts = { series, span: series.spanAt(0), spans: [], versions: symbol, fromUs: 0, toUs: COUNT * MINUTE_US };
  return Chunk.of(facts, [partOf(columns)]);
}

/** Makes an answer of all of it in a format, and what of that is kept compressed. */
async function answer(chunk: Chunk, format: "json" | "columns"): Promise<void> {
  const context = { symbol: chunk.facts.series.symbol, runningUs: Number.POSITIVE_INFINITY, dayBoundary: undefined };
  const { pieces } = new BarsBody(new Bars([chunk.part(0, COUNT)]), formOf(format), context);
  for (const { kept } of keptParts(pieces)) await kept?.make();
}

/** Of buffers, which nearly all of it is. What a collection finds it may give back after the next one, aside: they go on until nothing is. */
async function memoryUsed(): Promise<number> {
  for (let last = Number.POSITIVE_INFINITY; ; ) {
    collect();
    await nextTurn();
    collect();
    const { arrayBuffers } = process.memoryUsage();
    if (arrayBuffers >= last) return arrayBuffers;
    last = arrayBuffers;
  }
}

test("what chunks say they take is what they take, with what is kept compressed and when it is later", async () => {
  await answer(chunkOf("FIRST"), "json");
  const before = await memoryUsed();
  const kept: Chunk[] = [];
  for (let i = 0; i < 300; i += 1) {
    const chunk = chunkOf(`SYM${i}`);
    await answer(chunk, "json");
    const later = chunk.extended([], (COUNT + 1) * MINUTE_US);
    later.encodedBodies.offer("gzip", Buffer.from("x".repeat(1000)));
    kept.push(later);
  }
  const counted = kept.reduce((sum, { bytes }) => sum + bytes, 0);
  const taken = (await memoryUsed()) - before;
  // Looked at after that, or the collector may have taken them.
  expect(kept).toHaveLength(300);
  expect(taken / counted).toBeLessThan(1);
  expect(taken / counted).toBeGreaterThan(0.75);
});

test("what is compressed for a chunk counts towards the one that took its place", async () => {
  const chunk = chunkOf("EURUSD");
  chunk.rowsIn(formOf("json"));
  const later = chunk.extended([], (COUNT + 1) * MINUTE_US);
  let grown = 0;
  later.onGrowth = (bytes) => {
    grown += bytes;
  };
  await answer(chunk, "json");
  expect(grown).toBeGreaterThan(1000);
});
