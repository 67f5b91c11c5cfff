import type { FanOut } from "../load/jobs.js";
import { runJob } from "../load/run-job.js";
import { alternate, median } from "../rounds.js";
import { grouped, type Row, type RowContext, type RowResult } from "./row.js";

const SYMBOLS = Array.from({ length: 200 }, (_, number) => `B${String(number).padStart(3, "0")}`);
/** What a chart of each kind follows. */
const SIX = ["15s", "minute", "5m", "hour", "4h@17:America/New_York", "day@17:America/New_York"];
/** Each client's watchlist, the same for as many clients as there are lists. */
const SYMBOLS_PER_CLIENT = 8;
const CLIENTS = 500;
const LOAD = {
  kind: "fan-out",
  connections: 8,
  clients: CLIENTS,
  symbols: SYMBOLS,
  ticksPerSecond: 1000,
  ticksPerRequest: 20,
  warmUpMs: 3000,
  measureMs: 5000,
} as const;

/** What each client asks for. */
function subscriptions(levels: readonly string[]): string[][] {
  return Array.from({ length: CLIENTS }, (_, client) => {
    const first = (client * SYMBOLS_PER_CLIENT) % SYMBOLS.length;
    const own = SYMBOLS.slice(first, first + SYMBOLS_PER_CLIENT);
    return own.flatMap((symbol) => levels.map((level) => `ohlc:${symbol}:${level}`));
  });
}

/** Six intervals and day boundaries of two hundred symbols, watched by five hundred clients, against their minutes alone. */
export const liveBars: Row = {
  name: "live-bars",
  async measure({ lab, config, signal }: RowContext): Promise<RowResult> {
    const ingest = await lab.service("tick-ingest");
    const gateway = await lab.gateway();
    const generatorCpu = { ours: 0, theirs: 0 };
    const runs: Record<"ours" | "theirs", FanOut[]> = { ours: [], theirs: [] };
    const urls = {
      url: ingest.url,
      socketUrl: `${gateway.url.replace("http", "ws")}/ws`,
      metricsUrl: `${gateway.url}/metrics`,
    };
    const measure = async (side: "ours" | "theirs", levels: readonly string[]) => {
      const run = await runJob({ ...LOAD, ...urls, channels: subscriptions(levels) });
      generatorCpu[side] = Math.max(generatorCpu[side], run.generatorCpu);
      runs[side].push(run);
      return (100 * run.serverCpuSeconds) / run.seconds;
    };
    const rounds = await alternate(config.rounds, signal, {
      theirs: () => measure("theirs", ["minute"]),
      ours: () => measure("ours", SIX),
    });
    const [ours, theirs] = [median(rounds.map((round) => round.ours)), median(rounds.map((round) => round.theirs))];
    const rate = (side: "ours" | "theirs") =>
      grouped(median(runs[side].map(({ delivered, seconds }) => delivered / seconds)));
    return {
      work: `live bars of ${SYMBOLS.length} symbols × ${SIX.length} intervals, ${CLIENTS} clients`,
      against: "of their minutes alone",
      setup: `${grouped(LOAD.ticksPerSecond)} ticks/s, each client ${SYMBOLS_PER_CLIENT} symbols: ${SIX.join(", ")}; ${rate("ours")} bars/s delivered, against ${rate("theirs")}; the gateway's CPU time`,
      ours: `${ours.toFixed(1)} % of a core`,
      theirs: `${theirs.toFixed(1)} % of a core`,
      checks: [{ name: "ratio", value: ours / theirs, unit: "", target: { atMost: 2 } }],
      rounds,
      generatorCpu,
    };
  },
};
