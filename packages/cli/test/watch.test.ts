import { eventually } from "@fx-ohlc/testkit";
import { Command } from "./command.js";
import { type System, startSystem } from "./system.js";

let system: System;

/** A machine that is busy with other tests takes its time. */
jest.setTimeout(180_000);

beforeAll(async () => {
  system = await startSystem();
});
afterAll(() => system?.stop());

/** The ticks of a symbol as watch prints them. */
async function storedLines(symbol: string): Promise<string[]> {
  const rows = await system.sql`
    select to_char(time at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at, price, bid, ask, seq
    from ticks where symbol = ${symbol} order by time, seq`;
  return rows.map(({ at, price, bid, ask, seq }) => `ticks:${symbol} ${at} ${price} bid ${bid} ask ${ask} seq ${seq}`);
}

const ticksIn = (out: string[]) => out.filter((line) => line.startsWith("ticks:"));

describe("fx-ticks watch", () => {
  it("prints every tick once, though the gateway is killed and comes back meanwhile", async () => {
    const watching = new Command("watch", "ticks:eurusd", "--url", system.url);
    const watched = watching.run({ stateDirectory: "" });
    const simulating = new Command("simulate", "--symbols", "EURUSD", "--rate", "200", "--url", system.url);
    const simulated = simulating.run({ stateDirectory: "" });
    await eventually(() => ticksIn(watching.out).length > 100);
    await system.gateway.kill9();
    const before = await storedLines("EURUSD");
    await eventually(async () => (await storedLines("EURUSD")).length > before.length + 100);
    await system.gateway.start();
    await eventually(async () => ticksIn(watching.out).length > before.length + 200, { timeoutMs: 60_000 });
    simulating.interrupt();
    await simulated;
    const stored = await storedLines("EURUSD");
    const first = stored.indexOf(ticksIn(watching.out)[0] ?? "");
    await eventually(() => ticksIn(watching.out).length >= stored.length - first);
    watching.interrupt();
    const { exitCode, said } = await watched;
    expect(exitCode).toBe(0);
    expect(ticksIn(watching.out)).toEqual(stored.slice(first));
    expect(said.length).toBeGreaterThan(0);
    expect(said.every((line) => line.startsWith("connection lost"))).toBe(true);
  });

  it("prints every tick also when Redis lost its streams while the gateway was away", async () => {
    const watching = new Command("watch", "ticks:USDJPY", "--url", system.url);
    const watched = watching.run({ stateDirectory: "" });
    const simulating = new Command("simulate", "--symbols", "USDJPY", "--rate", "100", "--url", system.url);
    const simulated = simulating.run({ stateDirectory: "" });
    await eventually(() => ticksIn(watching.out).length > 50);
    await system.gateway.kill9();
    await system.redis.kill9();
    const before = await storedLines("USDJPY");
    await eventually(async () => (await storedLines("USDJPY")).length > before.length + 50);
    await system.redis.start();
    await system.gateway.start();
    const live = ticksIn(watching.out).length + 200;
    await eventually(() => ticksIn(watching.out).length > live, { timeoutMs: 60_000 });
    simulating.interrupt();
    await simulated;
    const stored = await storedLines("USDJPY");
    const expected = stored.slice(stored.indexOf(ticksIn(watching.out)[0] ?? ""));
    // What is read again over HTTP overlaps what had been printed.
    const printed = () => new Set(ticksIn(watching.out));
    await eventually(() => printed().size >= expected.length);
    watching.interrupt();
    await watched;
    expect([...printed()].toSorted()).toEqual(expected.toSorted());
  });

  it("prints the running bar of a channel, and events as JSON for programs", async () => {
    const lines = new Command("watch", "ohlc:GBPUSD:day", "--url", system.url);
    const json = new Command("watch", "ohlc:GBPUSD:day", "--json", "--url", system.url);
    const running = [lines, json].map((command) => command.run({ stateDirectory: "" }));
    const sending = new Command("simulate", "--symbols", "GBPUSD", "--rate", "50", "--url", system.url);
    const sent = sending.run({ stateDirectory: "" });
    await eventually(() => lines.out.some((line) => /^ohlc:GBPUSD:day .* close 1\.\d+ ticks \d+ bar$/.test(line)));
    await eventually(() => json.out.some((line) => JSON.parse(line).type === "bar"));
    for (const command of [lines, json, sending]) command.interrupt();
    await Promise.all([...running, sent]);
  });

  it("refuses a channel that there cannot be, in one line", async () => {
    const { exitCode, said } = await new Command("watch", "quotes:EURUSD").run({ stateDirectory: "" });
    expect(exitCode).toBe(1);
    expect(said).toEqual([
      expect.stringContaining(
        "It must be ticks:SYMBOL, status:SYMBOL or ohlc:SYMBOL:INTERVAL[:bid|ask|quote][@HH:ZONE]",
      ),
    ]);
  });
});
