import { env } from "node:process";
import { HistoryRun } from "../src/history/history-run.js";
import { told } from "../src/history/told.js";

/** The long form: HISTORY_READS=20000. */
const READS = Number(env.HISTORY_READS ?? 1_500);
const SEED = Number(env.HISTORY_SEED ?? Date.now() % 1_000_000);
/** Readers that wait for each other's states are slowest on a busy machine, ms. */
const PER_READ_MS = 100;
/** Services and the first history, ms. */
const STARTED_MS = 60_000;

let run: HistoryRun | undefined;

afterEach(() => run?.end());

test(
  `every answer is of one state of the bars between its request and its arrival, seed ${SEED}`,
  async () => {
    run = await HistoryRun.begin({ reads: READS, seed: SEED });
    const { wrong, ...made } = await run.run();
    console.info(`history: ${JSON.stringify(made)}`);
    expect(wrong.slice(0, 3).map(told).join("\n")).toBe("");
    expect(made.commits).toBeGreaterThan(READS / 20);
    expect(made.contested).toBeGreaterThan(READS / 200);
    expect(made.unchanged).toBeGreaterThan(0);
  },
  STARTED_MS + READS * PER_READ_MS,
);
