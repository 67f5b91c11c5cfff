import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { formatTime } from "@fx-ohlc/schemas";
import { eventually } from "@fx-ohlc/testkit";
import { parquetReadObjects } from "hyparquet";
import { Command, type Ended, temporaryDirectory } from "./command.js";
import { type System, startSystem } from "./system.js";

/** Three pages of the service. */
const TICKS = 25_000;

/** Two ticks share each stamp, and the last of summer time in New York is among them. */
function tickLine(index: number): string {
  const timeUs = Date.parse("2024-10-31T12:00:00Z") * 1000 + Math.floor(index / 2) * 30_000_001;
  return `${formatTime(timeUs)},${1 + ((index * 7919) % 100_000) / 1e5}`;
}

let system: System;
let directory: ReturnType<typeof temporaryDirectory>;

/** A machine that is busy with other tests takes its time. */
jest.setTimeout(180_000);

beforeAll(async () => {
  system = await startSystem();
  const made = temporaryDirectory();
  const file = join(made.path, "ticks.csv");
  writeFileSync(file, `time,price\n${Array.from({ length: TICKS }, (_, index) => tickLine(index)).join("\n")}\n`);
  // To tick-ingest itself, which says when all bars are exact.
  const command = new Command("import", file, "--symbol", "EURUSD", "--url", system.service.url);
  const { exitCode, said } = await command.run({ stateDirectory: made.path });
  made.remove();
  expect({ exitCode, said: said.slice(1) }).toEqual({ exitCode: 0, said: [] });
});
afterAll(() => system?.stop());
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => directory.remove());

const exportCommand = (file: string, ...flags: string[]) => new Command("export", file, "--url", system.url, ...flags);
const runExport = (file: string, ...flags: string[]): Promise<Ended> =>
  exportCommand(file, ...flags).run({ stateDirectory: "" });
const inDirectory = (name: string) => join(directory.path, name);
const linesOf = (text: string) => text.trimEnd().split("\n");

/** The stored ticks as lines of CSV. */
async function storedLines(): Promise<string[]> {
  const rows = await system.sql`
    select to_char(time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, symbol, price, seq
    from ticks where symbol = 'EURUSD' order by time, seq`;
  return rows.map(({ at, symbol, price, seq }) => `${at},${symbol},${price},${seq}`);
}

describe("fx-ticks export", () => {
  it("writes every tick once, in order and to the last digit, over all pages", async () => {
    const file = inDirectory("ticks.csv");
    const { exitCode, out, said } = await runExport(file, "--symbol", "EURUSD");
    expect({ exitCode, said }).toEqual({ exitCode: 0, said: [] });
    expect(out).toEqual([expect.stringMatching(/^25,000 ticks of EURUSD in .*ticks\.csv, .* s \([\d,]+\/s\)$/)]);
    expect(linesOf(readFileSync(file, "utf8"))).toEqual(["time,symbol,price,seq", ...(await storedLines())]);
    expect(readdirSync(directory.path)).toEqual(["ticks.csv"]);
  });

  it("holds the same in every format", async () => {
    for (const name of ["ticks.csv.gz", "ticks.ndjson", "ticks.parquet"])
      await runExport(inDirectory(name), "--symbol", "eur/usd");
    const stored = await storedLines();
    const [, ...csv] = linesOf(gunzipSync(readFileSync(inDirectory("ticks.csv.gz"))).toString());
    expect(csv).toEqual(stored);
    const ndjson = linesOf(readFileSync(inDirectory("ticks.ndjson"), "utf8")).map((line) => JSON.parse(line));
    expect(ndjson.map(({ time, symbol, price, seq }) => `${time},${symbol},${price},${seq}`)).toEqual(stored);
    const file = new Uint8Array(readFileSync(inDirectory("ticks.parquet"))).buffer;
    const toText = (us: bigint) =>
      `${new Date(Number(us / 1000n)).toISOString().slice(0, -1)}${String(us % 1000n).padStart(3, "0")}Z`;
    const parquet = await parquetReadObjects({ file, parsers: { timestampFromMicroseconds: toText } });
    expect(parquet.map(({ time, symbol, price, seq }) => `${time},${symbol},${price},${seq}`)).toEqual(stored);
  });

  it("writes bars of New York's days over the end of summer time", async () => {
    const flags = ["--interval", "1d", "--timezone", "America/New_York", "--day-start-hour", "17"];
    const { bytes, said } = await runExport("-", "--format", "csv", "--symbol", "EURUSD", ...flags);
    expect(said).toEqual([]);
    const bars = linesOf(bytes.toString()).map((line) => line.split(","));
    const column = (name: string) => bars.slice(1).map((bar) => bar[bars[0]?.indexOf(name) ?? -1]);
    expect(column("bucket")).toEqual([
      ...["2024-10-30T21:00:00Z", "2024-10-31T21:00:00Z", "2024-11-01T21:00:00Z", "2024-11-02T21:00:00Z"],
      "2024-11-03T22:00:00Z",
    ]);
    expect(column("date")).toEqual(["2024-10-31", "2024-11-01", "2024-11-02", "2024-11-03", "2024-11-04"]);
    expect(column("tick_count").reduce((sum, count) => sum + Number(count), 0)).toBe(TICKS);
  });

  it("writes only what lies between start and end", async () => {
    const select = ["-", "--format", "csv", "--symbol", "EURUSD", "--start", "2024-11-01"] as const;
    const bars = await runExport(...select, "--end", "2024-11-01T01:00:00Z", "--interval", "1m");
    expect(linesOf(bars.bytes.toString())).toHaveLength(61);
    const ticks = await runExport(...select, "--end", "2024-11-01T01:00:00+01:00");
    expect(ticks.bytes.toString()).toBe("time,symbol,price,seq\n");
  });

  it("holds in Parquet what the service answers of bars, quotes beside them, and as many rows as it says", async () => {
    const quotes = [0, 30, 60].map((second) => ({
      ...{ symbol: "QUOTED", bid: 1.1 + second / 1e5, ask: 1.2 },
      time: new Date(Date.UTC(2024, 0, 15, 10, 0, second)).toISOString(),
    }));
    const posted = await fetch(`${system.url}/ticks/bulk`, {
      ...{ method: "POST", headers: { "content-type": "application/json" } },
      body: JSON.stringify([...quotes, { symbol: "QUOTED", time: "2024-01-15T10:02:00Z", price: 1.15 }]),
    });
    expect(posted.status).toBe(201);
    const address = `${system.url}/ohlc/minute?symbol=QUOTED&start=1970-01-01&price=ask&include=bid,spread&format=csv`;
    const answered = async () => (await fetch(address)).text();
    // Bars of the past are refreshed after the ticks are stored on TimescaleDB, those of quotes before those of prices.
    await eventually(async () => (await answered()).split(",1,true,").length === 3);
    const sides = ["--interval", "1m", "--price", "ask", "--include", "spread,bid"];
    const { out, said } = await runExport(inDirectory("sides.parquet"), "--symbol", "QUOTED", ...sides);
    expect({ out, said }).toEqual({ out: [expect.stringMatching(/^3 bars \(1m\) of QUOTED in /)], said: [] });
    const file = new Uint8Array(readFileSync(inDirectory("sides.parquet"))).buffer;
    const rows = await parquetReadObjects({ file });
    expect(rows).toMatchObject([
      { open: 1.2, close: 1.2, bid_open: 1.1, bid_close: 1.1003, spread_max: 0.1, quote_count: 2n, tick_count: 2n },
      { open: 1.2, close: 1.2, bid_open: 1.1006, quote_count: 1n, complete: true },
      { open: null, close: null, bid_open: null, spread_avg: null, quote_count: null, tick_count: 1n },
    ]);
    const text = await runExport("-", "--format", "csv", "--symbol", "QUOTED", ...sides);
    expect(text.bytes.toString()).toBe(await answered());
  });

  it("writes bars of equally many ticks", async () => {
    const { bytes } = await runExport("-", "--format", "ndjson", "--symbol", "EURUSD", "--interval", "1000t");
    const bars = linesOf(bytes.toString()).map((line) => JSON.parse(line));
    expect(bars.reduce((sum, { tick_count }) => sum + tick_count, 0)).toBe(TICKS);
    expect(Math.max(...bars.map(({ tick_count }) => tick_count))).toBe(1000);
    expect(bars[0]).toMatchObject({ bucket: "2024-10-31T12:00:00.000000Z", seq: 0 });
  });

  it("begins a file anew when the answer breaks off, and stops where that went to a pipe", async () => {
    let answers = 0;
    const breaking = createServer(({ url }, answer) => {
      if (url?.startsWith("/symbols") === true) return void answer.end(`[{"symbol":"EURUSD"}]`);
      answers += 1;
      const isWhole = answers > 1;
      answer.write("time,symbol,price,seq\n2024-01-15T10:00:00.000000Z,EURUSD,1,0\n", () => {
        if (isWhole) answer.end("2024-01-15T10:00:01.000000Z,EURUSD,1,0\n");
        else setImmediate(() => answer.destroy());
      });
    }).listen(0, "127.0.0.1");
    await eventually(() => breaking.listening);
    const url = `http://127.0.0.1:${(breaking.address() as AddressInfo).port}`;
    const exported = (file: string) =>
      new Command("export", file, "--format", "csv", "--symbol", "EURUSD", "--url", url).run({ stateDirectory: "" });
    const whole = await exported(inDirectory("whole.csv"));
    expect(whole).toMatchObject({ exitCode: 0, out: [expect.stringMatching(/^2 ticks of EURUSD in /)] });
    expect(whole.said).toEqual([expect.stringMatching(/cannot be reached: .*; starting over$/)]);
    expect(linesOf(readFileSync(inDirectory("whole.csv"), "utf8"))).toHaveLength(3);
    answers = 0;
    const { exitCode, said } = await exported("-");
    breaking.close();
    breaking.closeAllConnections();
    expect({ exitCode, said }).toEqual({
      exitCode: 1,
      said: [expect.stringMatching(/^fx-ticks: .* cannot be reached/)],
    });
  });

  it("leaves an older file as it was when it is interrupted, and nothing beside it", async () => {
    const file = inDirectory("ticks.csv");
    writeFileSync(file, "older");
    const stuck = createServer(({ url }, answer) => {
      if (url?.startsWith("/symbols") === true) answer.end(`[{"symbol":"EURUSD"}]`);
    }).listen(0, "127.0.0.1");
    await eventually(() => stuck.listening);
    const command = new Command(
      "export",
      file,
      "--symbol",
      "EURUSD",
      "--url",
      `http://127.0.0.1:${(stuck.address() as AddressInfo).port}`,
    );
    const running = command.run({ stateDirectory: "" });
    await eventually(() => readdirSync(directory.path).length === 2);
    command.interrupt();
    const { exitCode, said } = await running;
    stuck.close();
    stuck.closeAllConnections();
    expect({ exitCode, said }).toEqual({ exitCode: 130, said: [`interrupted; ${file} was not written`] });
    expect(readdirSync(directory.path)).toEqual(["ticks.csv"]);
    expect(readFileSync(file, "utf8")).toBe("older");
  });

  it("says that nothing is stored of a symbol, and leaves no file", async () => {
    const { exitCode, said } = await runExport(inDirectory("x.parquet"), "--symbol", "EURUSX");
    expect(exitCode).toBe(1);
    expect(said).toEqual([expect.stringMatching(/^fx-ticks: nothing is stored of EURUSX; of EURUSD.* there is$/)]);
    expect(readdirSync(directory.path)).toEqual([]);
  });

  it("writes what was known at a moment: of one before all was stored, nothing", async () => {
    const before = ["--as-of", formatTime((Date.now() - 3_600_000) * 1000)];
    const range = ["--symbol", "EURUSD", "--start", "2024-10-31", "--end", "2024-11-01"];
    for (const [name, kind] of [
      ["ticks.csv", []],
      ["bars.csv", ["--interval", "1h"]],
    ] as const) {
      expect((await runExport(inDirectory(name), ...range, ...kind)).exitCode).toBe(0);
      expect(linesOf(readFileSync(inDirectory(name), "utf8")).length).toBeGreaterThan(1);
      await runExport(inDirectory(`earlier-${name}`), ...range, ...kind, ...before);
      expect(linesOf(readFileSync(inDirectory(`earlier-${name}`), "utf8"))).toHaveLength(1);
    }
  });

  it.each([
    [["x.xlsx"], /which format x\.xlsx should have is not known: add --format csv, ndjson, json or parquet$/],
    [["x.csv", "--interval", "7m"], /'7m' is invalid\. It must be one of 1s 5s .*, or <n>t, /],
    [["x.csv", "--timezone", "UTC"], /--day-start-hour and --timezone are for bars of 45m, and of 2h and more$/],
    [["x.csv", "--interval", "1d", "--timezone", "Mars"], /^fx-ticks: 422 timezone must be an IANA time zone/],
    [["x.csv", "--interval", "100t", "--timezone", "UTC"], /are for bars of 45m, and of 2h and more$/],
    [["x.csv", "--include", "spread"], /--price and --include are for bars: add --interval$/],
    [
      ["x.csv", "--interval", "1m", "--include", "bid,mid"],
      /'bid,mid' is invalid\. It must be a list of bid, ask, spread\./,
    ],
    [["x.csv", "--interval", "1m", "--price", "last"], /'last' is invalid\. Allowed choices are mid, bid, ask\./],
    [["x.csv", "--start", "yesterday"], /'yesterday' is invalid\. It must be a date/],
    [["x.parquet.gz"], /Parquet files are compressed inside: leave out \.gz$/],
    [["."], /which format \. should have is not known/],
    [[".", "--format", "csv"], /^fx-ticks: \. is a directory$/],
  ])("says in one line what is wrong with %j", async ([file = "", ...flags], message) => {
    const { exitCode, said } = await runExport(file, ...flags, "--symbol", "EURUSD");
    expect(exitCode).toBe(1);
    expect(said).toEqual([expect.stringMatching(message)]);
  });
});

describe("fx-ticks import of what fx-ticks export wrote", () => {
  it.each(["ticks.csv", "ticks.csv.gz", "ticks.ndjson", "ticks.json", "ticks.parquet"])(
    "adds nothing from %s, prices and quotes, after some were deleted",
    async (name) => {
      const symbol = `BACK${name.replaceAll(".", "").toUpperCase()}`;
      const at = "2024-10-31T12:00:00Z";
      const source = inDirectory("source.csv");
      const lines = ["1.1,,", "9.9,,", "1.3,,", ",1.1,1.2", ",1.10001,1.10002"];
      writeFileSync(source, ["time,price,bid,ask", ...lines.map((line) => `${at},${line}`)].join("\n"));
      const stateDirectory = inDirectory("state");
      const runImport = (file: string, ...flags: string[]) =>
        new Command("import", file, "--url", system.url, ...flags).run({ stateDirectory });
      await runImport(source, "--symbol", symbol, "--beside");
      await system.sql`delete from ticks where symbol = ${symbol} and price = 9.9`;
      await runExport(inDirectory(name), "--symbol", symbol);
      const { exitCode, out, said } = await runImport(inDirectory(name));
      expect({ exitCode, said }).toEqual({ exitCode: 0, said: [] });
      expect(out[0]).toContain(`4 ticks of ${symbol} in`);
      expect(out[0]).toContain(": 0 new, 4 stored before");
    },
  );
});
