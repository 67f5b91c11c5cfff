import fc from "fast-check";
import { jsonExcess } from "./json-bounds.js";

const excessOf = (text: string) => jsonExcess(Buffer.from(text));

test.each([
  ["[".repeat(21), "is nested more than 20 deep"],
  [`[${"{}".repeat(1)}${",[]".repeat(1_000_000)}]`, "has more than 1000000 values"],
  [
    JSON.stringify(Object.fromEntries(Array.from({ length: 101 }, (_, i) => [i, 0]))),
    "has an object of more than 100 names",
  ],
])("%#: what takes more memory than it is worth is told by its bytes", (text, excess) => {
  expect(excessOf(text)).toBe(excess);
});

test("what a text holds counts for nothing", () => {
  expect(excessOf(JSON.stringify({ a: '[{":,\\"'.repeat(1000), b: "\\" }))).toBeUndefined();
});

test("50,000 ticks with every field are within bounds", () => {
  const tick = { symbol: "EURUSD", time: "2025-12-05T10:00:00Z", seq: 1, price: 1.1, bid: 1, ask: 1 };
  expect(excessOf(JSON.stringify(Array.from({ length: 50_000 }, () => tick)))).toBeUndefined();
});

test("small JSON of any kind is", () => {
  fc.assert(fc.property(fc.json({ maxDepth: 5 }), (text) => excessOf(text) === undefined));
});
