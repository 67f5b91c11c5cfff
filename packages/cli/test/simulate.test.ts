import { FxClient } from "@fx-ohlc/client";
import { eventually } from "@fx-ohlc/testkit";
import { Command } from "./command.js";
import { startWriteSide, type WriteSide } from "./write-side.js";

let side: WriteSide;

/** A machine that is busy with other tests takes its time. */
jest.setTimeout(180_000);

beforeAll(async () => {
  side = await startWriteSide();
});
afterAll(() => side?.stop());

async function stored(symbol: string): Promise<{ count: number; seconds: number; prices: number }> {
  const [row] = await side.sql<{ count: number; seconds: number; prices: number }[]>`
    select count(*)::int as count,
           coalesce(extract(epoch from max(time) - min(time)), 0)::float8 as seconds,
           count(distinct price)::int as prices
    from ticks where symbol = ${symbol}`;
  return row ?? { count: 0, seconds: 0, prices: 0 };
}

describe("fx-ticks simulate", () => {
  it("sends moving quotes at the rate it was given until it is interrupted, which is no error", async () => {
    const command = new Command("simulate", "--symbols", "EURUSD,USDJPY", "--rate", "200", "--url", side.url);
    const running = command.run({ stateDirectory: "" });
    await eventually(async () => (await stored("EURUSD")).count >= 400);
    command.interrupt();
    const { exitCode, said } = await running;
    expect(exitCode).toBe(0);
    expect(said[0]).toBe("simulating 200 quotes/s each of EURUSD 1.10000, USDJPY 150.000; Ctrl-C stops");
    expect(said.at(-1)).toMatch(/^[\d,]+ quotes sent in [\d.]+ s$/);
    for (const symbol of ["EURUSD", "USDJPY"]) {
      const { count, seconds, prices } = await stored(symbol);
      // One tick in every slot of 5 ms, wherever in it; on a machine that stands still for seconds slots are left out.
      expect(count - 1).toBeLessThan(seconds * 200 + 2);
      expect(prices).toBeGreaterThan(1);
      expect(await side.sql`select from ticks where symbol = ${symbol} and ask is not distinct from bid`).toHaveLength(
        0,
      );
    }
  });

  it("sends single prices when told to", async () => {
    const flags = ["--price", "mid", "--symbols", "AUDUSD", "--rate", "50"];
    const command = new Command("simulate", ...flags, "--url", side.url);
    const running = command.run({ stateDirectory: "" });
    await eventually(async () => (await stored("AUDUSD")).count > 0);
    command.interrupt();
    expect((await running).said.at(-1)).toMatch(/ticks? sent in/);
    expect(await side.sql`select from ticks where symbol = 'AUDUSD' and bid is not null`).toHaveLength(0);
  });

  it("names itself when told to, and says that it is alive", async () => {
    const flags = ["--feed", "lp1", "--symbols", "NZDUSD", "--rate", "50"];
    const command = new Command("simulate", ...flags, "--url", side.url);
    const running = command.run({ stateDirectory: "" });
    const feeds = async () => new FxClient({ url: side.url }).feeds({ feed: "lp1" });
    await eventually(async () => (await feeds()).at(0)?.state === "live");
    command.interrupt();
    await running;
    expect(await feeds()).toMatchObject([{ symbol: "NZDUSD", every_s: 10, last_tick: expect.any(String) }]);
    const refused = await new Command("simulate", "--feed", "lp/1", "--url", side.url).run({ stateDirectory: "" });
    expect(refused.said).toEqual([expect.stringContaining("It must be 1 to 64 of")]);
  });

  it("waits for a service that is away, says so once, and goes on when it is back", async () => {
    const command = new Command("simulate", "--symbols", "GBPUSD", "--rate", "50", "--url", side.url);
    const running = command.run({ stateDirectory: "" });
    await eventually(async () => (await stored("GBPUSD")).count > 10);
    await side.service.kill9();
    await eventually(() => command.said.length === 2);
    const { count } = await stored("GBPUSD");
    await side.service.start();
    await eventually(async () => (await stored("GBPUSD")).count > count + 10);
    command.interrupt();
    const { exitCode, said } = await running;
    expect(exitCode).toBe(0);
    expect(said.slice(1, 3)).toEqual([
      expect.stringMatching(/cannot be reached: .*; trying until it answers$/),
      `${side.url} answers again`,
    ]);
    expect(said).toHaveLength(4);
  });

  it("refuses a rate that is none", async () => {
    const command = new Command("simulate", "--symbols", "EURUSD", "--rate", "0", "--url", side.url);
    const { exitCode, said } = await command.run({ stateDirectory: "" });
    expect(exitCode).toBe(1);
    expect(said).toEqual([expect.stringContaining("It must be above 0 and at most 20000.")]);
  });
});
