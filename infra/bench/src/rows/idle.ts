import { freePort } from "@fx-ohlc/embedded";
import { startBaseline } from "../baseline/start-baseline.js";
import { inspectable } from "../load/collect-garbage.js";
import type { Idle } from "../load/jobs.js";
import { runJob } from "../load/run-job.js";
import { grouped, type Row, type RowContext, type RowResult } from "./row.js";

const LOAD = { kind: "idle", clients: 5000, settleMs: 1000 } as const;
const BYTES_PER_KB = 1000;

/** What a connection that is sent nothing costs in memory, against a bare `ws` server. */
export const idle: Row = {
  name: "idle",
  async measure({ lab, signal }: RowContext): Promise<RowResult> {
    const theirs = await measureAt(await freePort(), (env) =>
      startBaseline(lab, { name: "naive-fan-out", env: { ...env, REDIS_URL: lab.redisUrl } }),
    );
    signal.throwIfAborted();
    const ours = await measureAt(await freePort(), async (env) => (await lab.freshGateway(env)).url);
    return {
      work: `${grouped(LOAD.clients)} idle connections`,
      against: "a loop of ws sends",
      setup: `what ${grouped(LOAD.clients)} clients of /ws/ticks add to the resident memory of a fresh process, garbage collected before and after; measured once`,
      ours: `${kilobytes(ours).toFixed(1)} kB each`,
      theirs: `${kilobytes(theirs).toFixed(1)} kB each`,
      checks: [{ name: "ratio", value: ours.memoryBytes / theirs.memoryBytes, unit: "", target: { atMost: 2 } }],
      rounds: [],
      generatorCpu: { ours: ours.generatorCpu, theirs: theirs.generatorCpu },
    };
  },
};

async function measureAt(
  inspectorPort: number,
  start: (env: Record<string, string>) => Promise<string>,
): Promise<Idle> {
  const url = await start(inspectable(inspectorPort));
  const urls = { socketUrl: `${url.replace("http", "ws")}/ws/ticks`, metricsUrl: `${url}/metrics` };
  return runJob({ ...LOAD, ...urls, inspectorPort });
}

/** Of one connection. */
function kilobytes({ memoryBytes }: Idle): number {
  return memoryBytes / LOAD.clients / BYTES_PER_KB;
}
