import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { eventually } from "@fx-ohlc/testkit";
import { Command, temporaryDirectory } from "./command.js";
import { type System, startSystem } from "./system.js";

const SAMPLE = join(__dirname, "../../../infra/sample/eurusd-ticks-2014-05-04_09.csv.gz");
const PROGRAM = join(__dirname, "../bin/fx-ticks.mjs");
const QUOTES = 248_039;

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

async function countTicks(): Promise<number> {
  const [row] = await system.sql`select count(*)::int as count from ticks`;
  return row?.count as number;
}

const importArguments = () => ["import", SAMPLE, "--symbol", "EURUSD", "--price", "bid", "--url", system.url];

/** Imports the sample in a process of its own until that many ticks are stored, and kills it there. */
async function killedImport(ticks: number): Promise<void> {
  const env = { ...process.env, XDG_STATE_HOME: directory.path };
  const child: ChildProcess = spawn(process.execPath, [PROGRAM, ...importArguments()], { env, stdio: "ignore" });
  const ended = once(child, "exit");
  await eventually(async () => (await countTicks()) >= ticks, { timeoutMs: 60_000, intervalMs: 5 });
  child.kill("SIGKILL");
  await ended;
}

const runImport = (...flags: string[]) =>
  new Command(...importArguments(), ...flags).run({ stateDirectory: join(directory.path, "fx-ohlc", "imports") });

const sentIn = (out: string[]) => Number(out[0]?.split(" ")[0]?.replaceAll(",", ""));

describe("an import that was killed", () => {
  it("goes on where it was, and every quote is stored once", async () => {
    await killedImport(60_000);
    const { exitCode, out, said } = await runImport();
    expect(exitCode).toBe(0);
    expect(said[0]).toMatch(/going on after line [\d,]+$/);
    expect(sentIn(out)).toBeLessThan(QUOTES - 40_000);
    await expect(countTicks()).resolves.toBe(QUOTES);
  });

  it("starts over when the service has lost what was sent", async () => {
    await killedImport(20_000);
    await system.sql.begin(async (sql) => {
      // The last chunks of the killed import may still be on their way to being committed.
      await sql`lock table ticks in exclusive mode`;
      await sql`delete from ticks`;
    });
    const { out } = await runImport();
    expect(sentIn(out)).toBe(QUOTES);
    await expect(countTicks()).resolves.toBe(QUOTES);
  });
});

describe("an import that was interrupted", () => {
  it("says so, and goes on at the next run", async () => {
    const command = new Command(...importArguments());
    const stateDirectory = join(directory.path, "fx-ohlc", "imports");
    const running = command.run({ stateDirectory });
    await eventually(async () => (await countTicks()) >= 20_000, { timeoutMs: 60_000, intervalMs: 5 });
    command.interrupt();
    const { exitCode, said } = await running;
    expect(exitCode).toBe(130);
    expect(said).toEqual([
      expect.stringMatching(/^interrupted; [\d,]+ ticks before it are stored, the same command goes on from there$/),
    ]);
    expect((await runImport()).said[0]).toMatch(/going on after line/);
    await expect(countTicks()).resolves.toBe(QUOTES);
  });
});

describe("fx-ticks simulate", () => {
  it("goes on from the newest price of each symbol", async () => {
    await system.sql`insert into ticks (symbol, time, seq, price) values ('EURUSD', now() - interval '1 hour', 0, 1.23456)`;
    const command = new Command("simulate", "--symbols", "EURUSD,USDJPY", "--rate", "100", "--url", system.url);
    const running = command.run({ stateDirectory: "" });
    await eventually(async () => (await countTicks()) > 20);
    command.interrupt();
    const { said } = await running;
    expect(said[0]).toContain("EURUSD 1.23456, USDJPY 150.000");
    const [next] = await system.sql`select price from ticks where symbol = 'EURUSD' order by time offset 1 limit 1`;
    expect(Math.abs(next?.price - 1.23456)).toBeLessThan(0.001);
  });
});
