import type { Stalled } from "../load/jobs.js";
import { runJob } from "../load/run-job.js";
import { alternate, median } from "../rounds.js";
import { grouped, type Row, type RowContext, type RowResult } from "./row.js";
import { SYMBOLS } from "./symbols.js";

const LOAD = {
  kind: "stalled",
  connections: 64,
  warmUpMs: 2000,
  measureMs: 4000,
  ticksPerSecond: 1000,
  symbols: SYMBOLS,
} as const;
const STALLED = 20;
const BYTES_PER_MB = 1e6;

/** How old ticks are at a client that reads, beside clients that stopped reading and without them. */
export const stalled: Row = {
  name: "stalled",
  async measure({ lab, config, signal }: RowContext): Promise<RowResult> {
    const ingest = await lab.service("tick-ingest");
    const gateway = await lab.freshGateway();
    const socket = gateway.url.replace("http", "ws");
    const urls = { url: ingest.url, socketUrl: `${socket}/ws/ticks`, stalledUrl: `${socket}/ws` };
    const meter = new StallMeter();
    const measureWith = async (count: number): Promise<number> =>
      meter.p99Ms(count, await runJob({ ...LOAD, ...urls, stalled: count, metricsUrl: `${gateway.url}/metrics` }));
    const rounds = await alternate(config.rounds, signal, {
      theirs: () => measureWith(0),
      ours: () => measureWith(STALLED),
    });
    await gateway.stop();
    const [ours, theirs] = [median(rounds.map((round) => round.ours)), median(rounds.map((round) => round.theirs))];
    return {
      work: `beside ${STALLED} clients that stopped reading`,
      against: "nobody beside it",
      setup: `${grouped(LOAD.ticksPerSecond)} ticks/s of ${SYMBOLS.length} symbols for ${LOAD.measureMs / 1000} s a round, age of each at a client of /ws/ticks; the others follow all of them on /ws`,
      ours: `p99 ${ours.toFixed(1)} ms`,
      theirs: `p99 ${theirs.toFixed(1)} ms`,
      checks: [
        { name: "ratio", value: ours / theirs, unit: "", target: { atMost: 1.5 } },
        { name: "memory", value: meter.growthMb, unit: "MB", target: { atMost: 8 * STALLED } },
      ],
      rounds,
      generatorCpu: meter.generatorCpu,
    };
  },
};

/** Keeps how busy the generator was, and the most that the gateway took with and without clients that do not read. */
class StallMeter {
  readonly generatorCpu = { ours: 0, theirs: 0 };
  readonly #memoryBytes = { ours: 0, theirs: 0 };

  p99Ms(count: number, { p99Ms, generatorCpu, memoryBytes }: Stalled): number {
    const side = count > 0 ? "ours" : "theirs";
    this.generatorCpu[side] = Math.max(this.generatorCpu[side], generatorCpu);
    this.#memoryBytes[side] = Math.max(this.#memoryBytes[side], memoryBytes);
    return p99Ms;
  }

  get growthMb(): number {
    return (this.#memoryBytes.ours - this.#memoryBytes.theirs) / BYTES_PER_MB;
  }
}
