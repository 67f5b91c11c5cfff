import { Histogram, Registry } from "prom-client";
import { LeanHistogram } from "./lean-histogram.js";

const BUCKETS = [0.001, 0.01, 1];

/** What a scrape tells of the same observations, made by each. */
async function scrapes(labelNames: string[], observations: readonly (readonly [number, ...string[]])[]) {
  const options = { name: "took_seconds", help: "Time.", labelNames, buckets: BUCKETS };
  const [lean, theirs] = [new Registry(), new Registry()];
  const ours = new LeanHistogram({ ...options, registers: [lean] });
  const known = new Histogram({ ...options, registers: [theirs] });
  for (const [value, ...labels] of observations) {
    ours.note(value, ...labels);
    known.observe(Object.fromEntries(labelNames.map((name, i) => [name, labels[i] ?? ""])), value);
  }
  return [await lean.metrics(), await theirs.metrics()];
}

/** Which label comes first in a line says nothing. */
function lines(text = ""): string[] {
  const sorted = (labels: string) => labels.split(",").sort().join(",");
  return text.split("\n").map((line) => line.replace(/\{(.*)\}/, (_all, labels: string) => `{${sorted(labels)}}`));
}

test("a scrape tells what prom-client's own histogram tells", async () => {
  const values = [0, 0.001, 0.0011, 0.5, 1, 7];
  const plain = await scrapes(
    [],
    values.map((value) => [value]),
  );
  expect(lines(plain[0])).toEqual(lines(plain[1]));
  const labelled = await scrapes(
    ["route", "status"],
    values.map((value, i) => [value, i % 2 === 0 ? "/a" : "/b", String(200 + (i % 3))]),
  );
  expect(lines(labelled[0])).toEqual(lines(labelled[1]));
  expect((await scrapes([], []))[0]).toContain("took_seconds_count 0");
});
