import { spawn } from "node:child_process";
import { once } from "node:events";
import { execPath } from "node:process";
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
  let lastMs = 0;
  for (const offsetMs of [0, HOUR_MS, -24 * HOUR_MS, 0]) {
    clock.set(offsetMs);
    child.send("time");
    const [clocks] = (await once(child, "message")) as [Clocks];
    for (const time of clocks.times) expect(Math.abs(time - Date.now() - offsetMs)).toBeLessThan(ALIKE_MS);
    expect(clocks).toMatchObject({ given: 5, isDate: true });
    expect(clocks.monotonicMs).toBeGreaterThan(lastMs);
    expect(clocks.monotonicMs).toBeLessThan(HOUR_MS);
    lastMs = clocks.monotonicMs;
  }
  child.kill();
  await once(child, "exit");
  clock.remove();
});
