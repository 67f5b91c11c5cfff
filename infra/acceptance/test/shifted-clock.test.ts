import { spawn } from "node:child_process";
import { once } from "node:events";
import { execPath } from "node:process";
import { eventually } from "@fx-ohlc/testkit";
import { ShiftedClock } from "../src/clock/shifted-clock.js";

const HOUR_MS = 3_600_000;
/** The answer's way, and the milliseconds that `Date()` cuts off. */
const ALIKE_MS = 5_000;

/** A process that tells its clocks whenever it is asked. */
const PROGRAM = `process.on("message", () => process.send({
  times: [Date.now(), new Date().getTime(), Date.parse(Date())], given: new Date(5).getTime(),
  isDate: new Date() instanceof Date && new Date().constructor === Date, monotonicMs: performance.now() }));`;

interface Clocks {
  readonly times: readonly number[];
  readonly given: number;
  readonly isDate: boolean;
  readonly monotonicMs: number;
}

test("a running process's wall clock is moved in both directions, its monotonic one is not", async () => {
  const clock = new ShiftedClock();
  const env = { ...process.env, ...clock.env };
  const child = spawn(execPath, ["-e", PROGRAM], { env, stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const ask = async (): Promise<Clocks> => {
    child.send("time");
    const [clocks] = (await once(child, "message")) as [Clocks];
    return clocks;
  };
  let lastMs = 0;
  for (const offsetMs of [0, HOUR_MS, -24 * HOUR_MS, 0]) {
    clock.set(offsetMs);
    const isMoved = (time: number) => Math.abs(time - Date.now() - offsetMs) < ALIKE_MS;
    // The process reads the file once a millisecond.
    await eventually(async () => (await ask()).times.every(isMoved), {
      timeoutMs: ALIKE_MS,
      what: "the clock to be moved",
    });
    const clocks = await ask();
    expect(clocks.times.filter((time) => !isMoved(time))).toEqual([]);
    expect(clocks).toMatchObject({ given: 5, isDate: true });
    expect(clocks.monotonicMs).toBeGreaterThan(lastMs);
    expect(clocks.monotonicMs).toBeLessThan(HOUR_MS);
    lastMs = clocks.monotonicMs;
  }
  child.kill();
  await once(child, "exit");
  clock.remove();
});
