import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parquetReadObjects } from "hyparquet";
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
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(() => directory.remove());

/** Of a minute past ten, so that hours and days are whole on neither side of what is imported. */
const at = (second: string) => `2024-01-15T10:00:${second}Z`;
const quotes = (...seconds: string[]) => [
  "time,bid,ask",
  ...seconds.map((second) => `${at(second)},1.376${second},1.377${second}`),
];
const prices = (...seconds: string[]) => ["time,price", ...seconds.map((second) => `${at(second)},1.5${second}`)];

function written(name: string, lines: readonly string[]): string {
  const path = join(directory.path, name);
  writeFileSync(path, `${lines.join("\n")}\n`);
  return path;
}

/** What it says about bars of the past is left out. */
async function run(args: readonly string[], stdin?: string): Promise<Ended> {
  const command = new Command(...args, "--url", system.url);
  const input = stdin === undefined ? {} : { stdin };
  const ended = await command.run({ stateDirectory: join(directory.path, "state"), ...input });
  return { ...ended, said: ended.said.filter((line) => !line.startsWith("stored; bars of ")) };
}

const importAs = (symbol: string, lines: readonly string[], ...flags: string[]) =>
  run(["import", written(`${lines.length}.csv`, lines), "--symbol", symbol, "--restart", ...flags]);

async function stored(symbol: string): Promise<string[]> {
  const rows = await system.sql`
    select to_char(time at time zone 'UTC', 'SS.US') as second, seq, price, bid, ask
      from ticks where symbol = ${symbol} order by time, seq`;
  return rows.map(({ second, seq, price, bid, ask }) => [second, seq, price, bid, ask].join(" ").trim());
}

function post(type: string, body: string | Buffer) {
  const answer = fetch(`${system.url}/ticks/bulk`, { method: "POST", headers: { "content-type": type }, body });
  return answer.then((response) => response.json());
}

describe("fx-ticks import of quotes", () => {
  it("stores both sides and their mid, and says that they are quotes", async () => {
    const { exitCode, out } = await importAs("BOTH", quotes("01", "02"));
    expect(exitCode).toBe(0);
    expect(out[0]).toMatch(/^2 quotes of BOTH in .*: 2 new, 0 stored before$/);
    expect(await stored("BOTH")).toEqual([
      "01.000000 0 1.37651 1.37601 1.37701",
      "02.000000 0 1.37652 1.37602 1.37702",
    ]);
    expect((await importAs("BOTH", quotes("01", "02"))).out[0]).toContain(": 0 new, 2 stored before");
  });

  it("stops before it stores any where prices lie between them, and tells how many and what to do", async () => {
    await importAs("STOP", prices("02", "03", "09"));
    const { exitCode, said } = await importAs("STOP", quotes("01", "04"));
    expect(exitCode).toBe(1);
    expect(said).toEqual([
      "fx-ticks: 2 prices of STOP from 2024-01-15T10:00:01.000000Z to 2024-01-15T10:00:04.000000Z are stored where quotes " +
        "were to be: add --beside to store these beside them, or --replace to delete those first; no tick was acknowledged",
    ]);
    expect(await stored("STOP")).toHaveLength(3);
    expect((await importAs("STOP", quotes("04", "05"))).out[0]).toContain("2 new");
    const back = await importAs("STOP", prices("04"));
    expect(back.said[0]).toContain("1 quote of STOP from 2024-01-15T10:00:04.000000Z to");
    expect((await importAs("STOP", prices("06"))).out[0]).toContain("1 tick of STOP");
  });

  it("counts what lies before it in hours and days, too", async () => {
    const far = ["2023-12-30T23:59:59.5Z", "2024-01-02T11:00:00Z", "2024-01-15T09:59:59Z", "2024-01-15T10:00:30Z"];
    await importAs("FAR", ["time,price", ...far.map((time) => `${time},1.5`)]);
    const { said } = await importAs("FAR", ["time,bid,ask", "2023-12-30T23:59:59.5Z,1,2", `${at("29")},1,2`]);
    expect(said[0]).toContain("3 prices of FAR from 2023-12-30T23:59:59.500000Z to 2024-01-15T10:00:29.000000Z");
  });

  it("stores them beside prices when told to, and files of both are no reason to stop then", async () => {
    await importAs("BESIDE", prices("01"));
    expect((await importAs("BESIDE", quotes("01"), "--beside")).out[0]).toContain("1 new");
    expect(await stored("BESIDE")).toEqual(["01.000000 0 1.501", "01.000000 1 1.37651 1.37601 1.37701"]);
  });

  it("deletes the prices of its range first when told to, and nothing else", async () => {
    await importAs("REPLACE", prices("00", "01", "02", "02", "05"));
    await importAs("REPLACE.NOT", prices("02"));
    await importAs("REPLACE", quotes("02"), "--beside");
    const { exitCode, said, out } = await importAs("REPLACE", quotes("01", "03"), "--replace");
    expect({ exitCode, said }).toEqual({
      exitCode: 0,
      said: ["deleted 3 prices of REPLACE from 2024-01-15T10:00:01.000000Z to 2024-01-15T10:00:03.000000Z"],
    });
    expect(out[0]).toContain("2 new");
    const seconds = (await stored("REPLACE")).map(
      (line) => `${line.slice(0, 2)} ${line.split(" ").length === 5 ? "quote" : "price"}`,
    );
    expect(seconds).toEqual(["00 price", "01 quote", "02 quote", "03 quote", "05 price"]);
    expect(await stored("REPLACE.NOT")).toHaveLength(1);
  });

  const numbered = (columns: string, ...rows: string[]) => [
    `time,${columns},seq`,
    ...rows.map((row) => `${at("01")},${row}`),
  ];

  const quotesOf = (...rows: string[]) => ["time,bid,ask", ...rows.map((row) => `${at("01")},${row}`)];

  it("stores numbered ticks beside others in the order of their numbers, equal ones too, and once however often", async () => {
    const first = numbered("price", "1.5,0", "1.6,1", "1.7,4");
    await importAs("NUMBERED", first);
    const second = numbered("bid,ask", "1.3,1.4,2", "1.1,1.2,0", "1.1,1.2,1");
    expect((await importAs("NUMBERED", second, "--beside")).out[0]).toContain("3 new, 0 stored before");
    const both = [
      ...["01.000000 0 1.5", "01.000000 1 1.6", "01.000000 2 1.15 1.1 1.2", "01.000000 3 1.15 1.1 1.2"],
      ...["01.000000 4 1.7", "01.000000 5 1.35 1.3 1.4"],
    ];
    expect(await stored("NUMBERED")).toEqual(both);
    for (const lines of [first, second]) {
      expect((await importAs("NUMBERED", lines, "--beside")).out[0]).toContain("0 new, 3 stored before");
    }
    expect(await stored("NUMBERED")).toEqual(both);
  });

  it("obeys numbers beside others where the places are free, and stops where one of its own kind stands", async () => {
    await importAs("OWN", numbered("price", "1.5,3"));
    expect((await importAs("OWN", numbered("bid,ask", "1.1,1.2,0", "1.3,1.4,7"), "--beside")).out[0]).toContain(
      "2 new",
    );
    expect(await stored("OWN")).toEqual(["01.000000 0 1.15 1.1 1.2", "01.000000 3 1.5", "01.000000 7 1.35 1.3 1.4"]);
    const { exitCode, said } = await importAs("OWN", numbered("bid,ask", "1.8,1.9,0"), "--beside");
    expect([exitCode, said[0]]).toEqual([
      1,
      expect.stringContaining("line 2: seq 0 of this symbol and time is stored"),
    ]);
  });

  it("doubles no quote that stood behind a price which it deletes, and finds all of them when it comes again", async () => {
    await importAs("MOVED", numbered("price", "1.5,0", "1.6,2"));
    await importAs("MOVED", quotesOf("1.1,1.2", "1.1,1.2", "1.8,1.9"), "--beside");
    const file = numbered("bid,ask", "1.1,1.2,0", "1.1,1.2,1", "1.3,1.4,2");
    const { said, out } = await importAs("MOVED", file, "--replace");
    expect(said).toEqual([
      "1 quote beside them: to be numbered as the files say",
      expect.stringMatching(/^deleted 2 prices of MOVED from /),
    ]);
    expect(out[0]).toContain("2 new, 1 stored before");
    const quotesOnly = [
      ...["01.000000 0 1.15 1.1 1.2", "01.000000 1 1.15 1.1 1.2", "01.000000 2 1.35 1.3 1.4"],
      "01.000000 4 1.85 1.8 1.9",
    ];
    expect(await stored("MOVED")).toEqual(quotesOnly);
    expect((await importAs("MOVED", file)).out[0]).toContain("0 new, 3 stored before");
    expect(await stored("MOVED")).toEqual(quotesOnly);
  });

  it("looks at every symbol of a file that names them, before it stores any", async () => {
    await importAs("USDJPY", prices("01"));
    const file = written("truefx.csv", [
      "EUR/USD,20240115 10:00:01.000,1.1,1.2",
      "USD/JPY,20240115 10:00:01.000,150.1,150.2",
    ]);
    const { said } = await run(["import", file]);
    expect(said[0]).toContain("1 price of USDJPY from");
    expect(await stored("EURUSD")).toEqual([]);
  });

  it("stops at a pipe of quotes where there are prices, whose range it cannot know", async () => {
    await importAs("PIPE", prices("09"));
    const lines = `${quotes("01").join("\n")}\n`;
    const { said } = await run(["import", "-", "--symbol", "PIPE"], lines);
    expect(said[0]).toContain("PIPE holds prices where quotes were to be stored, and of a pipe");
    expect((await run(["import", "-", "--symbol", "PIPE", "--beside"], lines)).out[0]).toContain("1 quote of PIPE");
  });
});

describe("fx-ticks export of quotes and prices", () => {
  const rows = [
    { time: "2024-01-15T10:00:01.000000Z", price: 1.376165, seq: 0, bid: 1.37615, ask: 1.37618 },
    { time: "2024-01-15T10:00:01.000000Z", price: 1.376165, seq: 1 },
    { time: "2024-01-15T10:00:02.000000Z", price: 0.0012, seq: 0, bid: 0.0011, ask: 0.0013 },
  ].map(({ time, ...rest }) => ({ time, symbol: "MIXED", ...rest }));

  beforeAll(() => post("application/json", JSON.stringify(rows)));

  const exported = async (name: string) => {
    const path = join(directory.path, name);
    const { exitCode, out } = await run(["export", path, "--symbol", "MIXED"]);
    expect({ exitCode, out }).toEqual({ exitCode: 0, out: [expect.stringContaining("3 ticks of MIXED in")] });
    return path;
  };
  const again = { created: 0, duplicates: 3 };

  it("is stored already when its CSV is imported, or posted", async () => {
    const path = await exported("mixed.csv");
    const text = readFileSync(path, "utf8");
    expect(text.split("\n").slice(0, 3)).toEqual([
      "time,symbol,price,seq,bid,ask",
      "2024-01-15T10:00:01.000000Z,MIXED,1.376165,0,1.37615,1.37618",
      "2024-01-15T10:00:01.000000Z,MIXED,1.376165,1,,",
    ]);
    expect((await run(["import", path])).out[0]).toMatch(/^3 ticks of MIXED in .*: 0 new, 3 stored before$/);
    expect(await post("text/csv", text)).toMatchObject(again);
    const range = "symbol=MIXED&start=2024-01-15T00:00:00Z&end=2024-01-16T00:00:00Z";
    const answered = await (await fetch(`${system.url}/ticks?format=csv&${range}`)).text();
    expect(answered).toBe(text);
  });

  it("is stored already when its JSON or NDJSON is posted, and holds the sides of quotes only", async () => {
    const json = readFileSync(await exported("mixed.json"), "utf8");
    expect(JSON.parse(json)).toEqual(rows);
    expect(await post("application/json", json)).toMatchObject(again);
    const ndjson = readFileSync(await exported("mixed.ndjson"), "utf8");
    expect(await post("application/x-ndjson", ndjson)).toMatchObject(again);
  });

  it("has no sides of a price in Parquet, and of a symbol of prices no columns for them", async () => {
    const file = new Uint8Array(readFileSync(await exported("mixed.parquet"))).buffer;
    const read = await parquetReadObjects({ file });
    expect(read.map(({ price, bid, ask }) => ({ price, bid, ask }))).toEqual(
      rows.map(({ price, bid = null, ask = null }) => ({ price, bid, ask })),
    );
    await post("application/json", JSON.stringify([{ symbol: "SINGLE", time: at("01"), price: 1 }]));
    const { bytes } = await run(["export", "-", "--format", "json", "--symbol", "SINGLE"]);
    expect(bytes.toString()).toBe(`[{"time":"${at("01.000000")}","symbol":"SINGLE","price":1,"seq":0}]`);
  });
});
