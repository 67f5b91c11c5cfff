import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { FxClient } from "@fx-ohlc/client";
import { eventually } from "@fx-ohlc/testkit";
import { type Everything, System } from "../src/system.js";

const PROGRAM = fileURLToPath(new URL("../../ops/dist/drill/main.js", import.meta.url));

interface Drilled {
  readonly code: number;
  readonly report: {
    readonly stored: number;
    readonly acknowledged: number;
    readonly reads: number;
    readonly lost: number;
  };
  readonly table: string;
}

let system: System;
let services: Everything;

beforeAll(async () => {
  system = await System.create();
  services = await system.startAll();
});

afterAll(async () => {
  await system.stop();
});

function drill(...args: string[]): Promise<Drilled> {
  const load = ["--url", services.edge.url, "--rate", "100", "--clients", "2", "--readers", "2", "--seconds", "3"];
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [PROGRAM, ...load, ...args], (error, stdout, stderr) => {
      const [json = "", table = ""] = stdout.split("\n\n");
      if (json === "") reject(new Error(stderr));
      else resolve({ code: Number(error?.code ?? 0), report: JSON.parse(json), table });
    });
  });
}

test("a drill counts what was acknowledged, stored, told and read while its steps were taken", async () => {
  const { pid } = services.query;
  const { code, report, table } = await drill("--step", `1 kill -STOP ${pid}`, "--step", `2 kill -CONT ${pid}`);
  expect(report).toMatchObject({
    lost: 0,
    doubled: 0,
    unasked: 0,
    wrongBars: 0,
    untold: 0,
    readsBehind: 0,
    clients: 2,
  });
  expect(report.stored).toBe(report.acknowledged);
  expect(report.reads).toBeGreaterThan(0);
  expect(report.acknowledged).toBeGreaterThan(100);
  expect(table).toContain("| attempts repeated |");
  expect(code).toBe(0);
});

test("it fails when what was acknowledged is not stored at the end, and when nothing was done to the system", async () => {
  const known = await symbols();
  const drilling = drill();
  const symbol = await eventually(async () => (await symbols()).find((name) => !known.includes(name)), {
    what: "the drill's symbol",
  });
  const client = new FxClient({ url: services.edge.url });
  await client.deleteTicks({ symbol, start: "2000-01-01T00:00:00Z", end: "2100-01-01T00:00:00Z" });
  const { code, report } = await drilling;
  expect(report.lost).toBeGreaterThan(0);
  expect(code).toBe(1);
  await expect(drill("--step", "0 false")).rejects.toThrow("`false` ended with 1");
});

async function symbols(): Promise<string[]> {
  const answer = await fetch(`${services.edge.url}/symbols`);
  return ((await answer.json()) as { symbol: string }[]).map(({ symbol }) => symbol); // Ours.
}
