import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "@fx-ohlc/testkit";
import { Command, temporaryDirectory } from "./command.js";
import { startWriteSide, type WriteSide } from "./write-side.js";

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

function replayOf(lines: string[], speed: number): Command {
  const file = join(directory.path, "ticks.csv");
  writeFileSync(file, ["time,price", ...lines].join("\n"));
  return new Command("replay", file, "--symbol", "EURUSD", "--speed", String(speed), "--url", side.url);
}

describe("fx-ticks replay", () => {
  it("sends each tick with the time at which it is due, and keeps those of one stamp together", async () => {
    const seconds = ["00.000", "00.000", "00.000", "30.000", "60.000"].map((second) =>
      second === "60.000" ? "2014-05-04T21:01:00Z" : `2014-05-04T21:00:${second}Z`,
    );
    const prices = [1.1, 1.1, 1.2, 1.3, 1.4];
    const startedMs = Date.now();
    const { exitCode, out } = await replayOf(
      seconds.map((time, index) => `${time},${prices[index]}`),
      60,
    ).run({ stateDirectory: "" });
    const endedMs = Date.now();
    expect(exitCode).toBe(0);
    // At least a second, and whatever a busy machine adds.
    expect(out[0]).toMatch(/^5 ticks of EURUSD replayed in [1-9]\d*\.\d s$/);
    const stored = await side.sql`
      select seq, price, (extract(epoch from time) * 1000)::float8 as ms from ticks order by time, seq`;
    expect(stored.map(({ seq, price }) => [seq, price])).toEqual([
      [0, 1.1],
      [1, 1.1],
      [2, 1.2],
      [0, 1.3],
      [0, 1.4],
    ]);
    const firstMs = stored[0]?.ms;
    expect(stored.map(({ ms }) => Math.round(ms - firstMs))).toEqual([0, 0, 0, 500, 1000]);
    expect(firstMs).toBeGreaterThanOrEqual(startedMs);
    expect(firstMs + 1000).toBeLessThanOrEqual(endedMs);
  });

  it("sends both sides of quotes", async () => {
    const file = join(directory.path, "quotes.csv");
    writeFileSync(file, "time,bid,ask\n2014-05-04T21:00:00Z,1.37615,1.37618\n");
    const command = new Command("replay", file, "--symbol", "EURUSD", "--url", side.url);
    const { out } = await command.run({ stateDirectory: "" });
    expect(out[0]).toMatch(/^1 quote of EURUSD replayed in /);
    expect([...(await side.sql`select price, bid, ask from ticks`)]).toEqual([
      { price: 1.376165, bid: 1.37615, ask: 1.37618 },
    ]);
  });

  it("stops at a bad line and names it, and when it is interrupted", async () => {
    const bad = await replayOf(["2014-05-04T21:00:00Z,1.1", "nonsense"], 1).run({ stateDirectory: "" });
    expect(bad.exitCode).toBe(1);
    expect(bad.said[0]).toContain("line 3: has 1 fields, the header 2; 1 tick of EURUSD replayed");
    const endless = replayOf(["2014-05-04T21:00:00Z,1.1", "2014-05-05T21:00:00Z,1.2"], 1);
    const running = endless.run({ stateDirectory: "" });
    await eventually(async () => (await side.sql`select 1 from ticks`).length === 2);
    endless.interrupt();
    const { exitCode, said } = await running;
    expect(exitCode).toBe(130);
    // A tick is stored before its answer is here, and counts from then on.
    expect(said).toEqual([expect.stringMatching(/^interrupted; (1 tick|0 ticks) of EURUSD replayed/)]);
  });
});
