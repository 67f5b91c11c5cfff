import { createWriteStream, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { compress } from "lzma";
import { ZipFile } from "yazl";
import { Command, type Ended, temporaryDirectory } from "./command.js";
import { type System, startSystem } from "./system.js";

let system: System;
let directory: ReturnType<typeof temporaryDirectory>;

/** A machine that is busy with other tests takes its time. */
jest.setTimeout(180_000);

beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system?.stop());
beforeEach(async () => {
  directory = temporaryDirectory();
  await system.sql`delete from ticks`;
});
afterEach(() => directory.remove());

function runImport(...args: string[]): Promise<Ended> {
  const command = new Command("import", ...args, "--url", system.url);
  return command.run({ stateDirectory: join(directory.path, "state") });
}

function written(name: string, content: string | Uint8Array): string {
  const path = join(directory.path, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

/** One hour of Dukascopy's: milliseconds, ask and bid in points. */
function bi5(...records: readonly (readonly [number, number, number])[]): Uint8Array {
  const bytes = Buffer.alloc(records.length * 20);
  for (const [index, fields] of records.entries()) {
    for (const [field, value] of fields.entries()) bytes.writeUInt32BE(value, index * 20 + field * 4);
  }
  return Buffer.from(compress(bytes, 1));
}

/** What is stored, a line of text for each tick. */
async function stored(): Promise<string[]> {
  const rows = await system.sql`
    select symbol, to_char(time at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.MS') as at, seq, price
    from ticks order by symbol, time, seq`;
  return rows.map(({ symbol, at, seq, price }) => `${symbol} ${at} ${seq} ${price}`);
}

describe("fx-ticks import", () => {
  it("stores bid and ask of a HistData archive as two symbols, at UTC, the two ticks of one stamp apart", async () => {
    const archive = join(directory.path, "HISTDATA_COM_ASCII_EURUSD_T201207.zip");
    const zip = new ZipFile();
    const lines = ["20120701 170000100,1.265440,1.265500,0", "20120701 170000100,1.265450,1.265500,0"];
    zip.addBuffer(Buffer.from(`${lines.join("\r\n")}\r\n`), "DAT_ASCII_EURUSD_T_201207.csv");
    zip.addBuffer(Buffer.from("HistData.com (c) 2012\r\nFile Status Report"), "DAT_ASCII_EURUSD_T_201207.txt");
    zip.end();
    await pipeline(zip.outputStream, createWriteStream(archive));
    const { exitCode, out } = await runImport(archive, "--price", "both");
    expect(exitCode).toBe(0);
    expect(out[0]).toMatch(/^4 ticks of EURUSD.ASK, EURUSD.BID in /);
    await expect(stored()).resolves.toEqual([
      "EURUSD.ASK 2012-07-01 22:00:00.100 0 1.2655",
      "EURUSD.ASK 2012-07-01 22:00:00.100 1 1.2655",
      "EURUSD.BID 2012-07-01 22:00:00.100 0 1.26544",
      "EURUSD.BID 2012-07-01 22:00:00.100 1 1.26545",
    ]);
  });

  it("stores a folder of Dukascopy's hours under the symbols of their paths", async () => {
    const hours = [
      written("EURUSD/2024/00/15/10h_ticks.bi5", bi5([123, 113_458, 113_456], [123, 113_458, 113_456])),
      written("EURUSD/2024/00/15/11h_ticks.bi5", new Uint8Array()),
      written("USDJPY/2024/11/31/23h_ticks.bi5", bi5([3_599_999, 151_236, 151_234])),
    ];
    const { exitCode } = await runImport(...hours, "--price", "bid");
    expect(exitCode).toBe(0);
    const expected = [
      "EURUSD 2024-01-15 10:00:00.123 0 1.13456",
      "EURUSD 2024-01-15 10:00:00.123 1 1.13456",
      "USDJPY 2024-12-31 23:59:59.999 0 151.234",
    ];
    await expect(stored()).resolves.toEqual(expected);
    expect((await runImport(...hours, "--price", "bid")).out[0]).toContain(": 0 new, 3 stored before");
    await expect(stored()).resolves.toEqual(expected);
  });

  it("stores TrueFX and Dukascopy CSV files together, in one go", async () => {
    const truefx = written(
      "a.csv",
      "EUR/USD,20211101 19:07:40.498,1.16034,1.16037\nUSD/JPY,20211101 19:07:40.498,114.1,114.2\n",
    );
    const dukascopy = written(
      "GBPUSD_Ticks_15.01.2024-15.01.2024.csv",
      "\uFEFFGmt time,Ask,Bid,AskVolume,BidVolume\r\n15.01.2024 10:30:00.123,1.27414,1.27411,1.2,0.9\r\n",
    );
    const { out } = await runImport(truefx, dukascopy, "--price", "mid");
    expect(out[0]).toMatch(/^3 ticks of EURUSD, GBPUSD, USDJPY in /);
    await expect(stored()).resolves.toEqual([
      "EURUSD 2021-11-01 19:07:40.498 0 1.160355",
      "GBPUSD 2024-01-15 10:30:00.123 0 1.274125",
      "USDJPY 2021-11-01 19:07:40.498 0 114.15",
    ]);
  });

  it("stops at a record or a file that makes no sense, with all before it stored, and goes on when told to skip it", async () => {
    const paths = [
      written("EURUSD/2024/00/15/10h_ticks.bi5", bi5([1, 113_458, 113_456], [3_600_000, 113_458, 113_456])),
      written("EURUSD/2024/00/15/11h_ticks.bi5", "<html>Service unavailable</html>"),
      written("EURUSD/2024/00/15/12h_ticks.bi5", bi5([2, 113_459, 113_457])),
    ];
    const stopped = await runImport(...paths, "--price", "ask");
    expect(stopped.exitCode).toBe(1);
    expect(stopped.said).toEqual([
      `fx-ticks: ${paths[0]}: record 2: its time is not within the hour; 1 tick before it is stored, the same command goes on from there`,
    ]);
    const skipped = await runImport(...paths, "--price", "ask", "--on-error", "skip");
    expect(skipped.exitCode).toBe(2);
    expect(skipped.said.filter((line) => !line.startsWith("stored; "))).toEqual([
      `${paths[0]}: going on after record 1`,
      "2 lines skipped:",
      `  ${paths[0]}: record 2: its time is not within the hour`,
      `  ${paths[1]}: the file is no LZMA: it begins with the bytes 3c 68 74 6d`,
    ]);
    await expect(stored()).resolves.toEqual([
      "EURUSD 2024-01-15 10:00:00.001 0 1.13458",
      "EURUSD 2024-01-15 12:00:00.002 0 1.13459",
    ]);
  });

  it("goes on in the file where it stopped when several are named", async () => {
    const first = written("DAT_ASCII_EURUSD_T_201202.csv", "20120201 000000000,1.1,1.2,0\n");
    const second = written(
      "DAT_ASCII_EURUSD_T_201203.csv",
      "20120301 000000000,1.3,1.4,0\nbad\n20120301 000000001,1.5,1.6,0\n",
    );
    expect((await runImport(first, second, "--price", "bid")).exitCode).toBe(1);
    const { said, out } = await runImport(first, second, "--price", "bid", "--restart", "--on-error", "skip");
    expect(out[0]).toContain("3 ticks of EURUSD");
    expect(said).toContain(`  ${second}: line 2: has 1 fields, a HistData line 4`);
    expect((await runImport(first, second, "--price", "bid")).exitCode).toBe(1);
    const again = await runImport(first, second, "--price", "bid");
    expect(again.said[0]).toBe(`${second}: going on after line 1`);
    await expect(stored()).resolves.toHaveLength(3);
  });

  it.each([
    [
      ["--format", "mt6"],
      /'mt6' is invalid\. Allowed choices are lean, histdata, .*, csv, bi5, ndjson, json, parquet\.$/,
    ],
    [["--columns", "time,what"], /what is none of time, date, symbol, price, bid, ask, seq and -\.$/],
    [["--columns", "time,bid,bid"], /bid is there twice\.$/],
    [["--timezone", "Berlin"], /'Berlin' is invalid\. It must be a zone such as UTC, Europe\/Athens/],
    [["--time-format", "HH:mm"], /it has no whole date\.$/],
    [["--encoding", "klingon"], /It must be an encoding such as utf-8/],
    [["--price", "last"], /'last' is invalid\. Allowed choices are quote, bid, ask, mid, both\.$/],
    [["--points", "150"], /'150' is invalid\. It must be 1, 10, 100, 1000 and so on\.$/],
    [
      [],
      /^fx-ticks: .*x\.csv: neither it nor its name says which symbol it holds: add --symbol; no tick was acknowledged$/,
    ],
  ])("says in one line what is wrong with %j", async (flags, message) => {
    const { exitCode, said } = await runImport(written("x.csv", "time,price\n2025-12-05T10:00:00Z,1.1\n"), ...flags);
    expect(exitCode).toBe(1);
    expect(said).toEqual([expect.stringMatching(message)]);
  });
});
