import { Readable } from "node:stream";
import type { Position } from "./line-splitter.js";
import { textTicks } from "./tick-text.js";

async function read(text: string | readonly string[], start?: Position) {
  const blocks = [text].flat().filter((block) => block !== "");
  const source = Readable.from(blocks.map((block) => Buffer.from(block)));
  const lines = [];
  for await (const block of textTicks(source, { choice: undefined }, start)) lines.push(...block);
  return lines;
}

const FIRST = "time,price\n2025-12-05T10:00:00Z,1.1\n";
const TEXT = `${FIRST}nonsense\n\ntime,price\n2025-12-05T10:00:01Z,1.2`;
const timeUs = Date.parse("2025-12-05T10:00:00Z") * 1000;
const tick = { symbol: undefined, timeUs, prices: ["1.1"] };

describe("textTicks", () => {
  it("gives ticks and bad lines with their numbers, without empty lines and repeated headers", async () => {
    await expect(read(TEXT)).resolves.toEqual([
      { ...tick, line: 2, end: FIRST.length },
      { line: 3, problem: "has 1 fields, the header 2" },
      { ...tick, line: 6, end: TEXT.length, timeUs: timeUs + 1_000_000, prices: ["1.2"] },
    ]);
  });

  it("goes on from a place in the middle, and reads the same however the text comes in blocks", async () => {
    const all = await read(TEXT);
    await expect(read(TEXT, { line: 2, offset: FIRST.length })).resolves.toEqual(all.slice(1));
    await expect(read([...TEXT])).resolves.toEqual(all);
  });

  it("takes either line end, and a byte order mark before the header or before a first line that is none", async () => {
    const [first] = await read("\uFEFFtime,price\r\n2025-12-05T10:00:00Z,1.1\r\n");
    expect(first).toMatchObject(tick);
    const source = Readable.from([Buffer.from("\uFEFF20120201 000003660,1.306600,1.306770,0\r\n")]);
    for await (const lines of textTicks(source, { choice: "ask" })) {
      expect(lines.map((line) => "prices" in line && line.prices)).toEqual(lines.map(() => ["1.306770"]));
    }
  });

  it("refuses a text without a header, and takes one without ticks", async () => {
    await expect(read("")).rejects.toThrow("the file is empty");
    await expect(read("time,price")).resolves.toEqual([]);
  });
});
