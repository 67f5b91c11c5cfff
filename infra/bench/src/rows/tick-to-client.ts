import { runJob } from "../load/run-job.js";
import { grouped, type Row, type RowContext, type RowResult } from "./row.js";
import { SYMBOLS } from "./symbols.js";

const LOAD = {
  kind: "latency",
  connections: 64,
  warmUpMs: 2000,
  measureMs: 12_000,
  ticksPerSecond: 1000,
  symbols: SYMBOLS,
} as const;

/** How old a tick is when a WebSocket client has it, from the moment it falls due to be posted. */
export const tickToClient: Row = {
  name: "latency",
  async measure({ lab, signal }: RowContext): Promise<RowResult> {
    const gateway = await lab.gateway();
    const ingest = await lab.service("tick-ingest");
    signal.throwIfAborted();
    const socketUrl = `${gateway.url.replace("http", "ws")}/ws/ticks`;
    const { ticks, p50Ms, p99Ms, maxMs, generatorCpu } = await runJob({ ...LOAD, url: ingest.url, socketUrl });
    return {
      work: "tick POST to WebSocket client",
      against: "",
      setup: `${grouped(LOAD.ticksPerSecond)} ticks/s of ${SYMBOLS.length} symbols for ${LOAD.measureMs / 1000} s, each posted alone; all ${grouped(ticks)} arrived, the slowest after ${maxMs.toFixed(1)} ms`,
      ours: `p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms`,
      theirs: "",
      checks: [
        { name: "p50", value: p50Ms, unit: "ms", target: { atMost: 8 } },
        { name: "p99", value: p99Ms, unit: "ms", target: { atMost: 40 } },
      ],
      rounds: [],
      generatorCpu: { ours: generatorCpu, theirs: 0 },
    };
  },
};
