import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { eventually } from "@fx-ohlc/testkit";
import { Command, type Ended, temporaryDirectory } from "./command.js";
import { startWriteSide, type WriteSide } from "./write-side.js";

const CASES = join(__dirname, "cases");
const SAMPLE = join(__dirname, "../../../infra/sample/eurusd-ticks-2014-05-04_09.csv.gz");
const QUOTES = 248_039;

let side: WriteSide;
let directory: ReturnType<typeof temporaryDirectory>;

/** A machine that is busy with other tests takes its time. */
jest.setTimeout(180_000);

beforeAll(async () => {
  side = await startWriteSide();
});
afterAll(() => side?.stop());
beforeEach(async () => {
  directory = temporaryDirectory();
  await side.sql`delete from ticks`;
});
afterEach(() => directory.remove());

const importCommand = (file: string, ...flags: string[]) =>
  new Command("import", file, "--symbol", "EURUSD", "--url", side.url, ...flags);

/** What it says about bars of the past is left out: on TimescaleDB they are refreshed after the ticks are stored. */
async function runImport(
  file: string,
  flags: string[] = [],
  stdin?: string | Buffer,
  others: string[] = [],
): Promise<Ended> {
  const input = stdin === undefined ? {} : { stdin };
  const ended = await importCommand(file, ...others, ...flags).run({
    stateDirectory: join(directory.path, "state"),
    ...input,
  });
  return { ...ended, said: ended.said.filter((line) => !line.startsWith("stored; bars of ")) };
}

function fileOf(...lines: string[]): string {
  const file = join(directory.path, "ticks.csv");
  writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}

async function countTicks(symbol = "EURUSD"): Promise<number> {
  const [row] = await side.sql`select count(*)::int as count from ticks where symbol = ${symbol}`;
  return row?.count as number;
}

/** The stored ticks of a small file. */
function storedTicks() {
  return side.sql`
    select to_char(time at time zone 'UTC', 'HH24:MI:SS.US') as time, seq, price from ticks order by ticks.time, seq`;
}

describe("fx-ticks import of the sample week", () => {
  it("stores every quote once, and nothing when it is imported again", async () => {
    const first = await runImport(SAMPLE, ["--price", "bid"]);
    expect(first.said).toEqual([]);
    expect(first.out[0]).toMatch(/^248,039 ticks of EURUSD in .* s \([\d,]+\/s\): 248,039 new, 0 stored before$/);
    expect(first.out[1]).toMatch(/^all bars are exact, .* s after the last tick$/);
    expect(first.exitCode).toBe(0);
    await expect(countTicks()).resolves.toBe(QUOTES);
    const second = await runImport(SAMPLE, ["--price", "bid"]);
    expect(second.out[0]).toContain(": 0 new, 248,039 stored before");
    await expect(countTicks()).resolves.toBe(QUOTES);
  });

  it("stores every quote once when tick-ingest is killed in the middle and comes back", async () => {
    const running = runImport(SAMPLE, ["--price", "mid", "--symbol", "KILLED"]);
    await eventually(async () => (await countTicks("KILLED")) > 20_000, { timeoutMs: 60_000 });
    await side.service.kill9();
    await expect(countTicks("KILLED")).resolves.toBeLessThan(QUOTES);
    await side.service.start();
    const { exitCode, said } = await running;
    expect(exitCode).toBe(0);
    expect(said).toEqual([expect.stringMatching(/cannot be reached: .*; trying again$/), "going on"]);
    await expect(countTicks("KILLED")).resolves.toBe(QUOTES);
  });
});

describe("fx-ticks import", () => {
  it("keeps two real ticks of one stamp and price, also when the file is sent twice", async () => {
    const stamp = "2014-05-04T21:00:00.000001Z";
    const file = fileOf("time,price", `${stamp},1.5`, `${stamp},1.5`, `${stamp},1.25`, `${stamp},1.5`);
    await runImport(file);
    await runImport(file, ["--restart"]);
    await expect(storedTicks()).resolves.toEqual(
      [1.5, 1.5, 1.25, 1.5].map((price, seq) => ({ time: "21:00:00.000001", seq, price })),
    );
  });

  it("stores the exact middle of bid and ask", async () => {
    await runImport(fileOf("time,bid,ask", "2014-05-04T21:00:00Z,1.38817,1.38884"), ["--price", "mid"]);
    await expect(storedTicks()).resolves.toEqual([{ time: "21:00:00.000000", seq: 0, price: 1.388505 }]);
  });

  it("stores ticks that are out of order once each", async () => {
    const times = ["03", "01", "02", "01", "03"].map((second, index) => `2014-05-04T21:00:${second}Z,1.${index + 1}`);
    const file = fileOf("time,price", ...times);
    for (let run = 0; run < 2; run += 1) await runImport(file);
    await expect(storedTicks()).resolves.toEqual([
      { time: "21:00:01.000000", seq: 0, price: 1.2 },
      { time: "21:00:01.000000", seq: 1, price: 1.4 },
      { time: "21:00:02.000000", seq: 0, price: 1.3 },
      { time: "21:00:03.000000", seq: 0, price: 1.1 },
      { time: "21:00:03.000000", seq: 1, price: 1.5 },
    ]);
  });

  it("moves all times by the shift", async () => {
    await runImport(fileOf("time,price", "2014-05-04T21:00:00Z,1.1"), ["--shift", "PT1H"]);
    await expect(storedTicks()).resolves.toEqual([{ time: "22:00:00.000000", seq: 0, price: 1.1 }]);
  });

  it("reads standard input, compressed or not", async () => {
    const text = "time,price\n2014-05-04T21:00:00Z,1.1\n2014-05-04T21:00:01Z,1.2\n";
    for (const [symbol, stdin] of [
      ["PLAIN", text],
      ["ZIPPED", gzipSync(text)],
    ] as const) {
      const { exitCode, said } = await runImport("-", ["--symbol", symbol], stdin);
      expect({ exitCode, said }).toEqual({ exitCode: 0, said: [] });
      await expect(countTicks(symbol)).resolves.toBe(2);
    }
  });

  it("stops at a line it cannot read, with all before it stored and the line named", async () => {
    const file = fileOf(
      "time,price",
      "2014-05-04T21:00:00Z,1.1",
      "2014-05-04T21:00:01Z,abc",
      "2014-05-04T21:00:02Z,1.3",
    );
    const { exitCode, said } = await runImport(file);
    expect(exitCode).toBe(1);
    expect(said).toEqual([
      `fx-ticks: ${file}: line 3: price must be a decimal number greater than 0; ` +
        "1 tick before it is stored, the same command goes on from there",
    ]);
    await expect(countTicks()).resolves.toBe(1);
  });

  it("stops at a line that the service refuses, named by its number in the file", async () => {
    const file = fileOf("time,price", "2014-05-04T21:00:00Z,1.1", "", "2100-01-01T00:00:00Z,1.2");
    const { exitCode, said } = await runImport(file);
    expect(exitCode).toBe(1);
    expect(said[0]).toContain(`${file}: line 4: time must not be more than 300 s in the future`);
  });

  it("names the line whose place another price has taken, and says how many before it are stored", async () => {
    await runImport(fileOf("time,price,seq", "2014-05-04T21:00:00Z,1.1,1"));
    const { exitCode, said } = await runImport(
      fileOf(
        "time,price,seq",
        "2014-05-04T20:00:00Z,1.0,0",
        "2014-05-04T21:00:00Z,1.2,0",
        "2014-05-04T21:00:00Z,1.3,1",
      ),
    );
    expect(exitCode).toBe(1);
    expect(said[0]).toContain("line 4: seq 1 of this symbol and time is stored with another price");
    expect(said[0]).toContain(`; ${(await countTicks()) - 1} ticks before it are stored`);
  });

  it("puts what has no number beside what is stored", async () => {
    await runImport(fileOf("time,price,seq", "2024-01-02T10:00:00Z,1.1,1"));
    const { out } = await runImport(join(CASES, "partly-stored.csv"));
    expect(out[0]).toContain(": 3 new, 0 stored before");
    await expect(storedTicks()).resolves.toEqual([
      { time: "09:00:00.000000", seq: 0, price: 1 },
      { time: "10:00:00.000000", seq: 0, price: 1.2 },
      { time: "10:00:00.000000", seq: 1, price: 1.1 },
      { time: "10:00:00.000000", seq: 2, price: 1.3 },
    ]);
  });

  it("stores what two files share once, in two runs and in one", async () => {
    const [first, second] = ["overlap-1.csv", "overlap-2.csv"].map((name) => join(CASES, name)) as [string, string];
    const runs = [[[first], [second]], [[first, second]]];
    for (const commands of runs) {
      await side.sql`delete from ticks`;
      for (const [file = "", ...others] of commands) await runImport(file, ["--restart"], undefined, others);
      const stored = await storedTicks();
      expect(stored.map(({ time, price }) => `${time.slice(0, 8)} ${price}`).toSorted()).toEqual([
        ...["10:00:00 1.1", "10:00:00 1.2", "10:00:01 1.3"],
      ]);
    }
  });

  it("stores a file that was cut inside a stamp as it stored the whole", async () => {
    const ticks = ["21:00:00Z,1.1", "21:00:00Z,1.2", "21:00:00Z,1.3", "21:00:01Z,1.4"].map(
      (tick) => `2014-05-04T${tick}`,
    );
    const parts = [ticks.slice(0, 1), ticks.slice(1, 2), ticks.slice(2)].map((lines, index) => {
      writeFileSync(join(directory.path, `${index}.csv`), ["time,price", ...lines].join("\n"));
      return join(directory.path, `${index}.csv`);
    });
    const { out } = await runImport(parts[0] ?? "", [], undefined, parts.slice(1));
    expect(out[0]).toContain(": 4 new, 0 stored before");
    await expect(storedTicks()).resolves.toMatchObject([1.1, 1.2, 1.3, 1.4].map((price) => ({ price })));
    expect((await runImport(fileOf("time,price", ...ticks))).out[0]).toContain(": 0 new, 4 stored before");
  });

  it("finds nothing new in its own export after a tick of a stamp was deleted", async () => {
    const stamp = "2024-01-02T10:00:00Z";
    await runImport(fileOf("time,price", `${stamp},1.1`, `${stamp},9.9`, `${stamp},1.3`), ["--symbol", "RT2"]);
    await side.sql`delete from ticks where price = 9.9`;
    const { out } = await runImport(join(CASES, "own-export-after-delete.csv"), ["--symbol", "RT2"]);
    expect(out[0]).toContain(": 0 new, 2 stored before");
  });

  it("says what it found out and what it left out", async () => {
    const file = fileOf("timestamp,bid,ask,volume", "1399237200000,1.1,1.2,5");
    const { out } = await runImport(file);
    expect(out[1]).toBe("read as csv: times are milliseconds since 1970; ignored: volume");
  });

  it("starts over with the write side alone, which cannot be asked what it holds", async () => {
    const file = fileOf("time,price", "2014-05-04T21:00:00Z,1.1", "bad");
    for (let run = 0; run < 2; run += 1) {
      const { exitCode, said } = await runImport(file);
      expect({ exitCode, said }).toEqual({ exitCode: 1, said: [expect.stringContaining("line 3: has 1 fields")] });
    }
  });

  it("skips bad lines when told to, lists them and says so by its exit code", async () => {
    const file = fileOf(
      "time,price",
      "2014-05-04T21:00:00Z,1.1",
      "nonsense",
      "2100-01-01T00:00:00Z,1.2",
      "2014-05-04T21:00:02Z,1.3",
    );
    const { exitCode, said, out } = await runImport(file, ["--on-error", "skip"]);
    expect(exitCode).toBe(2);
    expect(out[0]).toContain("2 ticks of EURUSD");
    expect(said).toEqual([
      "2 lines skipped:",
      `  ${file}: line 3: has 1 fields, the header 2`,
      `  ${file}: line 4: time must not be more than 300 s in the future`,
    ]);
    await expect(countTicks()).resolves.toBe(2);
  });

  it("stops waiting for a service that is away when it is interrupted", async () => {
    const file = fileOf("time,price", "2014-05-04T21:00:00Z,1.1");
    const command = new Command("import", file, "--symbol", "EURUSD", "--url", "http://127.0.0.1:9");
    const running = command.run({ stateDirectory: directory.path });
    await eventually(() => command.said.length > 0);
    command.interrupt();
    const { exitCode, said } = await running;
    expect(exitCode).toBe(130);
    expect(said.at(-1)).toBe("interrupted; no tick was acknowledged");
  });

  it.each([
    ["a missing file", "missing.csv", /ENOENT: no such file/],
    ["a directory", ".", /^fx-ticks: \. is a directory: name the files in it$/],
  ])("says in one line that it cannot read %s", async (_what, file, message) => {
    const { exitCode, said } = await runImport(file);
    expect(exitCode).toBe(1);
    expect(said).toEqual([expect.stringMatching(message)]);
  });
});
