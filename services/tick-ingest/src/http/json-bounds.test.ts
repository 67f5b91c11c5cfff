import fc from "fast-check";
import { JsonBounds } from "./json-bounds.js";

const excessOf = (text: string) => new JsonBounds().excessOf(Buffer.from(text));

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

/** All orders of some names. */
function orders(names: readonly string[]): string[][] {
  if (names.length === 0) return [[]];
  return names.flatMap((name) => orders(names.filter((other) => other !== name)).map((rest) => [name, ...rest]));
}

const objectOf = (names: readonly string[]) => JSON.stringify(Object.fromEntries(names.map((name) => [name, 0])));

/** Objects each of which begins otherwise than all others. */
const OF_OTHER_NAMES = Array.from({ length: 500 }, (_, row) => {
  return JSON.stringify(Object.fromEntries(Array.from({ length: 5 }, (_, i) => [`n${row}-${i}`, 0])));
});

describe("objects that each begin otherwise, every one a class to the parser,", () => {
  test("are counted over all lines of a body, and those that were seen go on", () => {
    const bounds = new JsonBounds();
    const excesses = OF_OTHER_NAMES.map((line) => bounds.excessOf(Buffer.from(line)));
    expect(excesses.filter((excess) => excess === undefined)).toHaveLength(400);
    expect(excesses.at(-1)).toBe("has too many objects of different names");
  });

  test("are as many where few names come in other orders", () => {
    const letters = [..."abcdefg"];
    expect(excessOf(`[${orders(letters).map(objectOf)}]`)).toBe("has too many objects of different names");
    expect(excessOf(`[${orders(letters.slice(0, 6)).map(objectOf)}]`)).toBeUndefined();
  });
});

test("small JSON of any kind is", () => {
  fc.assert(fc.property(fc.json({ maxDepth: 5 }), (text) => excessOf(text) === undefined));
});
