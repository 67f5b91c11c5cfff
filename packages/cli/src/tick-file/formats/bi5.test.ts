import { Readable } from "node:stream";
import { compress } from "lzma";
import type { Position } from "../text/line-splitter.js";
import { type BadLine, type FileTick, isTick } from "../tick.js";
import { type Bi5Options, bi5Ticks } from "./bi5.js";
import { Months } from "./dukascopy-path.js";

const PATH = "EURUSD/2024/00/15/10h_ticks.bi5";

/**
 * Written by liblzma (`lzma.FORMAT_ALONE` of Python), without a size and with an end marker:
 * 123 ms 1.13458 1.13456, 123 ms 1.13459 1.13456, 3,599,999 ms 1.1346 1.134.
 */
const THREE = Buffer.from("XQAAgAD//////////wAAaB0fhRulATcI/0DguOZgW34NTGpsH+uKJNYAOiRp6bl3jRzB4f9Szv/6OpgA", "base64");

function record(ms: number, ask: number, bid: number): Buffer {
  const bytes = Buffer.alloc(20);
  for (const [index, value] of [ms, ask, bid].entries()) bytes.writeUInt32BE(value, index * 4);
  bytes.writeFloatBE(1.5, 12);
  bytes.writeFloatBE(0.75, 16);
  return bytes;
}

const DEFAULTS: Bi5Options = { choice: "both", months: new Months(undefined), facts: {} };

async function read(file: Buffer, options: Partial<Bi5Options> = {}, path = PATH, start?: Position) {
  const blocks = file.length === 0 ? [] : [file.subarray(0, 7), file.subarray(7)];
  const lines: (FileTick | BadLine)[] = [];
  for await (const batch of bi5Ticks(Readable.from(blocks), path, { ...DEFAULTS, ...options }, start))
    lines.push(...batch);
  return lines;
}

const compressed = (...records: Buffer[]) => Buffer.from(compress(Buffer.concat(records), 1));
const pricesOf = (lines: (FileTick | BadLine)[]) => lines.map((line) => (isTick(line) ? line.prices : line.problem));

describe("bi5Ticks", () => {
  it("gives the exact decimals of points, bid before ask, at the milliseconds of the hour its path tells", async () => {
    const lines = await read(THREE);
    const hourUs = Date.parse("2024-01-15T10:00:00Z") * 1000;
    const common = { symbol: "EURUSD", seq: undefined };
    expect(lines).toEqual([
      { ...common, line: 1, end: 20, timeUs: hourUs + 123_000, prices: ["1.13456", "1.13458"] },
      { ...common, line: 2, end: 40, timeUs: hourUs + 123_000, prices: ["1.13456", "1.13459"] },
      { ...common, line: 3, end: 60, timeUs: hourUs + 3_599_999_000, prices: ["1.134", "1.1346"] },
    ]);
  });

  it("reads files with their size in the header and without", async () => {
    const records = Array.from({ length: 12_000 }, (_, index) => record(index * 300, 113_460 + (index % 7), 113_456));
    const lines = await read(compressed(...records));
    expect(lines).toHaveLength(12_000);
    expect(pricesOf(lines).at(-1)).toEqual(["1.13456", `1.1346${11_999 % 7}`]);
  });

  it("scales by the symbol, or as it is told", async () => {
    const file = compressed(record(1, 151_236, 151_234));
    await expect(read(file, { choice: "bid" }, "USDJPY/2024/00/15/10h_ticks.bi5").then(pricesOf)).resolves.toEqual([
      ["151.234"],
    ]);
    const bitcoin = "BTCUSD/2024/00/15/10h_ticks.bi5";
    await expect(read(file, { choice: "mid", decimals: 1 }, bitcoin).then(pricesOf)).resolves.toEqual([["15123.50"]]);
    await expect(read(file, {}, bitcoin)).rejects.toThrow("price of 1 is not known for BTCUSD: say it with --points");
  });

  it("goes on after any record", async () => {
    await expect(read(THREE, {}, PATH, { line: 2, offset: 40 })).resolves.toEqual((await read(THREE)).slice(2));
  });

  it("takes a file of no bytes as an hour without quotes", async () => {
    await expect(read(Buffer.alloc(0))).resolves.toEqual([]);
  });

  it("names the records that cannot be", async () => {
    const file = compressed(record(3_600_000, 1, 1), record(5, 1, 0), record(6, 2, 1));
    const [late, free, good] = await read(file);
    expect(late).toEqual({ line: 1, problem: "its time is not within the hour" });
    expect(free).toEqual({ line: 2, problem: "a price is 0" });
    expect(good).toMatchObject({ line: 3, prices: ["0.00001", "0.00002"] });
  });

  it("notices wherever a file is cut off", async () => {
    for (let length = 13; length < THREE.length; length += 1) {
      await expect(read(THREE.subarray(0, length))).rejects.toThrow("cut off: its LZMA data ends too early");
    }
    const partly = compressed(record(1, 2, 1), record(2, 2, 1).subarray(0, 7));
    await expect(read(partly)).rejects.toThrow("record 2 has 7 of 20 bytes");
  });

  it("refuses what is no LZMA, such as the page of an error, and what is damaged", async () => {
    await expect(read(Buffer.from("<html><body>404 Not Found"))).rejects.toThrow(
      "no LZMA: it begins with the bytes 3c 68 74 6d",
    );
    const damaged = Buffer.from(THREE);
    damaged.fill(0xff, 14);
    await expect(read(damaged)).rejects.toThrow("the file is damaged");
  });

  it("refuses a file that would fill the memory", async () => {
    const bomb = Buffer.from(THREE);
    bomb.writeBigUInt64LE(2n ** 40n, 5);
    await expect(read(bomb)).rejects.toThrow(/holds more than \d+ bytes/);
  });

  it("asks for a path that tells the hour", async () => {
    await expect(read(THREE, {}, "10h_ticks.bi5")).rejects.toThrow("does not end in SYMBOL/YYYY/MM/DD/HHh_ticks.bi5");
  });
});
