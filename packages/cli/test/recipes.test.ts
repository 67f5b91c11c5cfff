import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command, temporaryDirectory } from "./command.js";
import { type System, startSystem } from "./system.js";

const PAGE = readFileSync(join(__dirname, "../../../infra/recipes/README.md"), "utf8");

let system: System;
let directory: ReturnType<typeof temporaryDirectory>;

/** A machine that is busy with other tests takes its time. */
jest.setTimeout(180_000);

beforeAll(async () => {
  system = await startSystem();
  directory = temporaryDirectory();
  const file = join(directory.path, "quotes.csv");
  const times = Array.from({ length: 48 }, (_, hour) => new Date(Date.UTC(2024, 0, 15, hour)).toISOString());
  writeFileSync(file, `time,bid,ask\n${times.map((time, index) => `${time},1.1${index},1.2${index}`).join("\n")}\n`);
  // To tick-ingest itself, which says when all bars are exact.
  const flags = ["--symbol", "EURUSD", "--url", system.service.url];
  expect((await new Command("import", file, ...flags).run({ stateDirectory: directory.path })).exitCode).toBe(0);
});
afterAll(async () => {
  directory?.remove();
  await system?.stop();
});

/** The paths that curl is given and those that pandas is. */
const PATHS = [...PAGE.matchAll(/(?:['"]localhost:8000|\{api\})(\/[^'"\n]+)['"]/g)].map(([, path = ""]) =>
  path.replace("$(date +%s)", "4000000000"),
);

const EXPORTS = [...PAGE.matchAll(/^npm run fx-ticks -- export (.+)$/gm)].map(([, args = ""]) => args.split(" "));

describe("the recipes", () => {
  it("ask for enough to be worth testing", () => {
    expect([PATHS.length, EXPORTS.length]).toEqual([14, 4]);
  });

  it.each(PATHS)("get an answer to %s", async (path) => {
    const response = await fetch(`${system.url}${path}`);
    expect(response.status).toBe(200);
    const text = await response.text();
    expect(text.length).toBeGreaterThan(100);
    if (path.includes("format=csv"))
      expect(text).toMatch(
        /^bucket,symbol,open,high,low,close,tick_count,complete(?:,seq)?(?:,date)?(?:,spread_avg,spread_min,spread_max,quote_count)?\n202[34]-/,
      );
  });

  it.each(EXPORTS)("get the file %s", async (name, ...flags) => {
    const file = join(directory.path, name);
    const { exitCode } = await new Command("export", file, ...flags, "--url", system.url).run({ stateDirectory: "" });
    expect(exitCode).toBe(0);
    expect(statSync(file).size).toBeGreaterThan(100);
  });
});
