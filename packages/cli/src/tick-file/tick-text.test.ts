import { Readable } from "node:stream";
import { TickText } from "./tick-text.js";

async function read(text: string, start?: ConstructorParameters<typeof TickText>[2]) {
  const ticks = new TickText(Readable.from(text === "" ? [] : [Buffer.from(text)]), undefined, start);
  const lines = [];
  for await (const block of ticks.lines()) lines.push(...block);
  return lines;
}

const FIRST = "time,price\n2025-12-05T10:00:00Z,1.1\n";
const TEXT = `${FIRST}nonsense\n\ntime,price\n2025-12-05T10:00:01Z,1.2`;
const timeUs = Date.parse("2025-12-05T10:00:00Z") * 1000;

describe("TickText", () => {
  it("gives ticks and bad lines with their numbers, without empty lines and repeated headers", async () => {
    await expect(read(TEXT)).resolves.toEqual([
      { line: 2, end: FIRST.length, timeUs, price: "1.1" },
      { line: 3, end: FIRST.length + 9, problem: "has 1 fields, the header 2" },
      { line: 6, end: TEXT.length, timeUs: timeUs + 1_000_000, price: "1.2" },
    ]);
  });

  it("goes on from a place in the middle with the header it is given", async () => {
    const start = { header: "time,price", line: 2, offset: FIRST.length };
    await expect(read(TEXT, start)).resolves.toEqual((await read(TEXT)).slice(1));
  });

  it("refuses a text without a header, and takes one without ticks", async () => {
    await expect(read("")).rejects.toThrow("the file is empty");
    await expect(read("time,price")).resolves.toEqual([]);
  });
});
