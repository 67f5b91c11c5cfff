import { migrate } from "@fx-ohlc/database";
import { type TestPostgres, type TestStandby, testPrimary, testStandby } from "@fx-ohlc/testkit";
import { HistoryRun } from "../src/history/history-run.js";
import { told } from "../src/history/told.js";

const READS = 500;

let primary: TestPostgres;
let standby: TestStandby;
let run: HistoryRun | undefined;

beforeAll(async () => {
  primary = await testPrimary();
  const dayBoundary = { hour: 22, timezone: "UTC" };
  await migrate({
    ...{ url: primary.url, engine: "postgres", dayBoundary, compressionAfterDays: 0, retentionDays: 0 },
    refreshIntervals: { minute: 5, hour: 30, day: 300 },
  });
  standby = await testStandby(primary);
});
afterAll(async () => {
  await run?.end();
  await standby.drop();
  await primary.drop();
});

test("answers from a standby are of one state of the bars each, and never of an earlier one than an answer before", async () => {
  const servers = { primary: { url: primary.url, drop: async () => undefined }, standbyUrl: standby.url };
  run = await HistoryRun.begin({ reads: READS, seed: 3, servers });
  const { wrong, ...made } = await run.run();
  console.info(`history on a standby: ${JSON.stringify(made)}`);
  expect(wrong.slice(0, 3).map(told).join("\n")).toBe("");
});
