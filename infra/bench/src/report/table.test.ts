import type { Report } from "../bench.js";
import { reportText } from "./table.js";

const REPORT: Report = {
  machine: {
    cpu: "Test CPU",
    cores: 2,
    memoryGb: 24,
    system: "Linux 6",
    node: "v20.20.2",
    database: "PostgreSQL 18.4",
    redis: "Redis 7.0.15",
    durability: "fsync=on",
  },
  command: "pnpm bench",
  rounds: 2,
  seconds: 61.4,
  failures: [],
  rows: [
    {
      work: "single POST",
      against: "bare Express",
      setup: "64 connections",
      ours: "4,000 requests/s",
      theirs: "5,000 requests/s",
      checks: [{ name: "ratio", value: 0.8, unit: "", target: { atLeast: 0.8 } }],
      rounds: [
        { ours: 3900, theirs: 4900 },
        { ours: 4100, theirs: 5100 },
      ],
      generatorCpu: { ours: 0.11, theirs: 0.12 },
    },
    {
      work: "tick to client",
      against: "",
      setup: "1,000 ticks/s",
      ours: "p50 5.0 ms",
      theirs: "",
      checks: [{ name: "p50", value: 5, unit: "ms", target: { atMost: 8 } }],
      rounds: [],
      generatorCpu: { ours: 0.09, theirs: 0 },
    },
  ],
};

test("a report names the machine, the versions, the settings and the command, and shows each target beside its result", () => {
  const text = reportText(REPORT);
  for (const part of [
    "Test CPU, 2 cores",
    "Node v20.20.2, PostgreSQL 18.4, Redis 7.0.15",
    "fsync=on",
    "pnpm bench (61 s",
  ]) {
    expect(text).toContain(part);
  }
  const lines = text.split("\n");
  const cells = (work: string) =>
    lines
      .find((line) => line.startsWith(`| ${work}`))
      ?.split("|")
      .map((cell) => cell.trim())
      .filter(Boolean);
  expect(cells("single POST")).toEqual([
    "single POST",
    "4,000 requests/s",
    "5,000 requests/s, bare Express",
    "ratio 0.80",
    ">= 0.8",
  ]);
  expect(cells("tick to client")).toEqual(["tick to client", "p50 5.0 ms", "p50 5.00 ms", "<= 8 ms"]);
});

test("a report shows how far the rounds lie apart and what the generator took", () => {
  expect(reportText(REPORT)).toContain(
    "single POST: 64 connections; rounds 3,900 to 4,100, against 4,900 to 5,100; generator 11 % and 12 % of a core",
  );
  expect(reportText(REPORT)).toContain("tick to client: 1,000 ticks/s; generator 9 % of a core");
});
