import { startBaseline } from "../baseline/start-baseline.js";
import type { FanOut } from "../load/jobs.js";
import { runJob } from "../load/run-job.js";
import { alternate, median } from "../rounds.js";
import { compareRates } from "./ratio.js";
import { grouped, type Row, type RowContext, type RowResult } from "./row.js";
import { SYMBOLS } from "./symbols.js";

const LOAD = {
  kind: "fan-out",
  connections: 8,
  clients: 500,
  symbols: SYMBOLS,
  ticksPerSecond: 1000,
  ticksPerRequest: 10,
  warmUpMs: 1000,
  measureMs: 2000,
} as const;

/** Every tick to every client, against the plain loop over `ws` clients: what a second of the server's CPU time delivers. */
export const fanOut: Row = {
  name: "fan-out",
  async measure({ lab, config, signal }: RowContext): Promise<RowResult> {
    const ingest = await lab.service("tick-ingest");
    const gateway = await lab.gateway();
    const env = { REDIS_URL: lab.redisUrl, STREAM_NAMESPACE: await lab.streamNamespace() };
    const naive = await startBaseline(lab, { name: "naive-fan-out", env });
    const meter = new DeliveryMeter();
    const measureAt = async (side: "ours" | "theirs", url: string): Promise<number> => {
      const urls = {
        url: ingest.url,
        socketUrl: `${url.replace("http", "ws")}/ws/ticks`,
        metricsUrl: `${url}/metrics`,
      };
      return meter.perCpuSecond(side, await runJob({ ...LOAD, ...urls }));
    };
    const rounds = await alternate(config.rounds, signal, {
      theirs: () => measureAt("theirs", naive),
      ours: () => measureAt("ours", gateway.url),
    });
    return {
      work: `fan-out to ${LOAD.clients} clients`,
      against: "a loop of ws sends",
      setup: `${grouped(LOAD.ticksPerSecond)} ticks/s of ${SYMBOLS.length} symbols offered, ${LOAD.ticksPerRequest} a request; ${meter.summary()}`,
      ...compareRates(rounds, "ticks/CPU s", 4),
      generatorCpu: meter.generatorCpu,
    };
  },
};

/** Keeps, for each side, how much reached the clients until the server found time to answer, when that was, and how busy it was. */
class DeliveryMeter {
  readonly generatorCpu = { ours: 0, theirs: 0 };
  readonly #runs: Record<"ours" | "theirs", FanOut[]> = { ours: [], theirs: [] };

  /** @returns ticks delivered per second of the server's CPU time */
  perCpuSecond(side: "ours" | "theirs", run: FanOut): number {
    this.generatorCpu[side] = Math.max(this.generatorCpu[side], run.generatorCpu);
    this.#runs[side].push(run);
    return run.delivered / run.serverCpuSeconds;
  }

  summary(): string {
    const [ours, theirs] = (["ours", "theirs"] as const).map((side) => {
      const middle = (value: (run: FanOut) => number) => median(this.#runs[side].map(value));
      const share = middle((run) => run.delivered / (run.ticks * LOAD.clients));
      const [seconds, cpu] = [middle((run) => run.seconds), middle((run) => run.serverCpuSeconds / run.seconds)];
      return `${Math.round(share * 100)} % within ${seconds.toFixed(1)} s at ${Math.round(cpu * 100)} % of a core`;
    });
    return `of those of ${LOAD.measureMs / 1000} s, ${ours} were delivered, against ${theirs}`;
  }
}
