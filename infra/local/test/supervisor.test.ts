import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execPath, kill } from "node:process";
import { eventually, isAlive, ReadyProcess } from "@fx-ohlc/embedded";
import { Supervisor } from "../src/supervisor.js";

describe("the supervisor", () => {
  const folder = mkdtempSync(join(tmpdir(), "fx-supervisor-"));
  const lines: string[] = [];
  const pauses: number[] = [];
  const processes: ReadyProcess[] = [];

  function program(name: string, script: string): ReadyProcess {
    const file = join(folder, `${name}.mjs`);
    writeFileSync(file, script);
    const ready = new ReadyProcess({
      name,
      command: execPath,
      args: [file],
      stopSignal: "SIGTERM",
      stopTimeoutMs: 5_000,
      orphanSignal: "TERM",
      isReady: ({ output }) => output.includes("up"),
      readyTimeoutMs: 10_000,
    });
    processes.push(ready);
    return ready;
  }

  function supervisor(): Supervisor {
    return new Supervisor({ say: (line) => lines.push(line), pause: async (ms) => pauses.push(ms) });
  }

  beforeEach(() => {
    lines.length = 0;
    pauses.length = 0;
  });

  afterAll(async () => {
    await Promise.all(processes.map((process) => process.kill9()));
    rmSync(folder, { recursive: true, force: true });
  });

  it("starts again what died, and says so", async () => {
    const process = program("sturdy", 'console.log("up"); setInterval(() => {}, 1000);');
    await process.start();
    supervisor().watch(process);
    const first = process.pid ?? 0;
    kill(first, "SIGKILL");
    await eventually(() => lines.includes("sturdy is back"));
    expect(lines[0]).toBe("sturdy died (SIGKILL); starting it again");
    expect(process.pid).not.toBe(first);
    expect(isAlive(process.pid ?? 0)).toBe(true);
    expect(pauses).toEqual([500]);
  });

  it("starts what keeps dying ever less often, with the last thing it said, and never gives up", async () => {
    const process = program(
      "broken",
      'console.log("up"); setTimeout(() => { console.log("no disk"); process.exit(3); }, 400);',
    );
    const guard = supervisor();
    guard.watch(process);
    await process.start();
    await eventually(() => pauses.length > 9);
    guard.stop();
    expect(pauses.slice(0, 10)).toEqual([500, 1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    expect(lines).toContain("broken died (exit code 3): no disk; starting it again in 1 s, after 2 deaths");
  });

  it("leaves alone what was stopped, and everything after its own stop", async () => {
    const [stopped, killed] = [
      program("stopped", 'console.log("up"); setInterval(() => {}, 1000);'),
      program("late", 'console.log("up"); setInterval(() => {}, 1000);'),
    ];
    const guard = supervisor();
    for (const process of [stopped, killed]) {
      guard.watch(process);
      await process.start();
    }
    await stopped.stop();
    guard.stop();
    kill(killed.pid ?? 0, "SIGKILL");
    await eventually(() => killed.pid === undefined);
    expect(lines).toEqual([]);
    expect(stopped.pid).toBeUndefined();
  });
});
