import { createWriteStream, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { gzipSync } from "node:zlib";
import { ZipFile } from "yazl";
import { placeText } from "./place.js";
import { isTick } from "./tick.js";
import { type FilesOptions, type FilesPosition, fileToRead, TickFiles } from "./tick-files.js";

let directory: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "fx-files-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

function written(name: string, content: string | Buffer): string {
  writeFileSync(join(directory, name), content);
  return join(directory, name);
}

async function zipped(name: string, members: Readonly<Record<string, string | Buffer>>): Promise<string> {
  const zip = new ZipFile();
  for (const [member, content] of Object.entries(members)) zip.addBuffer(Buffer.from(content), member);
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(join(directory, name)));
  return join(directory, name);
}

async function filesOf(paths: readonly string[], options: Partial<FilesOptions> = {}): Promise<TickFiles> {
  const files = await Promise.all(paths.map(fileToRead));
  const stdin = Readable.from([]);
  const { signal } = new AbortController();
  return new TickFiles(files, { symbol: undefined, choice: "bid", onUnreadable: "stop", stdin, signal, ...options });
}

/** What is read, a line of text each. */
async function read(
  paths: readonly string[],
  options: Partial<FilesOptions> = {},
  from?: FilesPosition,
): Promise<string[]> {
  const lines: string[] = [];
  for await (const batch of (await filesOf(paths, options)).batches(from)) {
    for (const line of batch.lines) {
      const place = placeText({ source: batch.source, line: line.line }).replace(`${directory}/`, "");
      lines.push(isTick(line) ? `${line.symbol} ${line.prices}` : `${place}: ${line.problem}`);
    }
  }
  return lines;
}

const csv = (...prices: string[]) =>
  ["time,bid,ask", ...prices.map((price, second) => `2025-12-05T10:00:0${second}Z,${price},9`)].join("\n");
const histdata = (price: string) => `20120201 000003660,${price},9,0\r\n`;
const truefx = (pair: string, price: string) => `${pair},20211101 19:07:40.498,${price},9\n`;

describe("TickFiles", () => {
  it("reads files of every format as one, each with the symbol that it tells", async () => {
    const paths = [
      written("DAT_ASCII_EURUSD_T_201202.csv", histdata("1.1")),
      written("truefx.csv", truefx("EUR/USD", "1.2") + truefx("USD/JPY", "150.1")),
      written(
        "GBPUSD_Ticks_15.01.2024.csv",
        "Gmt time,Ask,Bid,AskVolume,BidVolume\n15.01.2024 10:30:00.123,9,1.3,1,1\n",
      ),
      written("ours.csv.gz", gzipSync("time,symbol,bid\n2025-12-05T10:00:00Z,AUDUSD,1.4\n")),
    ];
    await expect(read(paths)).resolves.toEqual([
      "EURUSD 1.1",
      "EURUSD 1.2",
      "USDJPY 150.1",
      "GBPUSD 1.3",
      "AUDUSD 1.4",
    ]);
  });

  it("stores all under the symbol it is given, but not two symbols under one", async () => {
    const path = written("truefx.csv", truefx("EUR/USD", "1.2") + truefx("USD/JPY", "150.1"));
    await expect(read([path], { symbol: "MINE" })).resolves.toEqual([
      "MINE 1.2",
      "truefx.csv: line 2: is of USDJPY, lines before it of EURUSD: leave out --symbol",
    ]);
  });

  it("asks for a symbol that nothing tells, and for a side", async () => {
    const path = written("prices.csv", csv("1.1"));
    await expect(read([path])).rejects.toThrow(
      `${path}: neither it nor its name says which symbol it holds: add --symbol`,
    );
    const oneSided = written("side.csv", csv("1.1").replace("bid", "bid_volume"));
    await expect(read([oneSided], { choice: undefined, onUnreadable: "skip" })).rejects.toThrow(
      "choose one with --price bid",
    );
  });

  it("reads a format that it is told, and says which line is none of it", async () => {
    const path = written("ticks.csv", `nonsense\n${histdata("1.1")}`);
    await expect(read([path], { format: "histdata", symbol: "EURUSD" })).resolves.toEqual([
      "ticks.csv: line 1: has 1 fields, a HistData line 4",
      "EURUSD 1.1",
    ]);
  });

  it("goes on at any place of any file or member", async () => {
    const paths = [
      written("a.csv", csv("1.1", "1.2")),
      await zipped("b.zip", { "1.csv": csv("1.3", "1.4"), "2.csv": csv("1.5") }),
      written("c.csv", csv("1.6")),
    ];
    const all = await read(paths, { symbol: "X" });
    expect(all).toEqual(["1.1", "1.2", "1.3", "1.4", "1.5", "1.6"].map((price) => `X ${price}`));
    let index = 0;
    for await (const { file, member, lines } of (await filesOf(paths, { symbol: "X" })).batches()) {
      for (const line of lines) {
        index += 1;
        const from = { file, member, line: line.line, offset: isTick(line) ? line.end : 0 };
        await expect(read(paths, { symbol: "X" }, from)).resolves.toEqual(all.slice(index));
      }
    }
    expect(index).toBe(6);
  });

  it("knows how many bytes there are and how many it has read", async () => {
    const paths = [written("a.csv", csv("1.1")), await zipped("b.zip", { "1.csv": csv("1.3", "1.4") })];
    const files = await filesOf(paths, { symbol: "X" });
    const read: number[] = [];
    for await (const _batch of files.batches()) read.push(files.bytesRead());
    expect(read).toEqual(read.toSorted((a, b) => a - b));
    expect(files.bytesRead()).toBe(files.bytesTotal);
  });

  it("leaves out a file that makes no sense when it is to be skipped, and goes on with the next", async () => {
    const paths = [
      written("EURUSD_2024_00_15_10h_ticks.bi5", "<html>Too many requests</html>"),
      written("cut.csv.gz", gzipSync(csv("1.1")).subarray(0, 40)),
      written("broken.zip", "PK\u0003\u0004nothing else"),
      written("header.csv", "when,what\n"),
      written("good.csv", csv("1.6")),
    ];
    await expect(read(paths, { symbol: "X", onUnreadable: "skip" })).resolves.toEqual([
      "EURUSD_2024_00_15_10h_ticks.bi5: the file is no LZMA: it begins with the bytes 3c 68 74 6d",
      "cut.csv.gz: its gzip data is cut off or damaged: unexpected end of file",
      expect.stringMatching(/^broken.zip: the zip archive cannot be read: /),
      'header.csv: line 1 is no header with a time column: it says "when,what"; if it names it otherwise, say --columns time=NAME',
      "X 1.6",
    ]);
    for (const path of paths.slice(0, 4)) {
      await expect(read([path], { symbol: "X" })).rejects.toThrow(`${path}: `);
    }
  });
});

describe("a zip archive", () => {
  it("gives its files of ticks in the order of their names, without the report beside them", async () => {
    const path = await zipped("HISTDATA_COM_ASCII_EURUSD_T201202.zip", {
      "DAT_ASCII_EURUSD_T_201203.csv": histdata("1.2"),
      "DAT_ASCII_EURUSD_T_201202.csv": histdata("1.1"),
      "DAT_ASCII_EURUSD_T_201202.txt": "Status Report: a gap of 66s found",
      "__MACOSX/._DAT.csv": "x",
    });
    await expect(read([path])).resolves.toEqual(["EURUSD 1.1", "EURUSD 1.2"]);
  });

  it("may hold compressed files, and files of any name when none is named as ticks are", async () => {
    await expect(read([await zipped("a.zip", { "x.csv.gz": gzipSync(csv("1.1")) })], { symbol: "X" })).resolves.toEqual(
      ["X 1.1"],
    );
    await expect(read([await zipped("b.zip", { ticks: csv("1.2") })], { symbol: "X" })).resolves.toEqual(["X 1.2"]);
  });

  it("is not believed when its bytes have changed", async () => {
    const zip = new ZipFile();
    zip.addBuffer(Buffer.from(csv("1.17")), "x.csv", { compress: false });
    zip.end();
    const chunks: Buffer[] = [];
    for await (const chunk of zip.outputStream) chunks.push(Buffer.from(chunk));
    const bytes = Buffer.concat(chunks).toString("latin1").replace("1.17", "1.19");
    const path = written("a.zip", Buffer.from(bytes, "latin1"));
    await expect(read([path], { symbol: "X" })).rejects.toThrow(`${path}: x.csv: it is damaged: its checksum`);
  });

  it("is refused when it is empty, or comes through a pipe", async () => {
    const path = await zipped("a.zip", {});
    await expect(read([path])).rejects.toThrow("there is no file in the zip archive");
    const stdin = Readable.from([Buffer.from("PK\u0003\u0004 and more")]);
    await expect(read(["-"], { stdin })).rejects.toThrow("standard input: a zip archive is read from a file only");
  });
});
