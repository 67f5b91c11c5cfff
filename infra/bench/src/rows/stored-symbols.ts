import { createBenchDatabase } from "../bench-database.js";
import type { Lab } from "../lab.js";
import { runJob } from "../load/run-job.js";
import { alternate } from "../rounds.js";
import { compareRates, RateMeter } from "./ratio.js";
import { grouped, type Row, type RowContext, type RowResult } from "./row.js";
import { SYMBOLS } from "./symbols.js";

const STORED = Array.from({ length: 10_000 }, (_, number) => `S${String(number).padStart(5, "0")}`);
/** Of those, the ones that trade. */
const LIVE = STORED.slice(0, 1000);
const TICKS_PER_SYMBOL = 5;
const LOAD = { kind: "ticks", connections: 64, warmUpMs: 500, measureMs: 2500 } as const;

/** Ticks of a thousand symbols where ten thousand are stored, against those of five symbols where there are no others. */
export const storedSymbols: Row = {
  name: "single-symbols",
  async measure({ lab, config, signal }: RowContext): Promise<RowResult> {
    const [few, many] = [await lab.service("tick-ingest"), { url: await ingestOfMany(lab) }];
    const meter = new RateMeter();
    const rounds = await alternate(config.rounds, signal, {
      theirs: async () => meter.rate("theirs", await runJob({ ...LOAD, symbols: SYMBOLS, url: few.url })),
      ours: async () => meter.rate("ours", await runJob({ ...LOAD, symbols: LIVE, url: many.url })),
    });
    return {
      work: `single POST of ${grouped(LIVE.length)} symbols, ${grouped(STORED.length)} stored`,
      against: `of ${SYMBOLS.length} symbols, no others stored`,
      setup: `${LOAD.connections} connections, ${LOAD.measureMs} ms a round, two databases on one server`,
      ...compareRates(rounds, "requests/s", 0.8),
      generatorCpu: meter.generatorCpu,
    };
  },
};

/** A tick-ingest on a database of its own that holds all symbols. */
async function ingestOfMany(lab: Lab): Promise<string> {
  const database = await createBenchDatabase(lab.database.url);
  lab.onClose(() => database.drop());
  const { url } = database;
  const settings = { DATABASE_URL: url, DATABASE_DIRECT_URL: url, SYMBOLS_MAX: String(2 * STORED.length) };
  const ingest = await lab.another("tick-ingest", settings);
  const rows = STORED.length * TICKS_PER_SYMBOL;
  await runJob({
    ...{ kind: "bulk", form: "csv", connections: 1, url: ingest.url, symbols: STORED, stepUs: 1000 },
    ...{ rows, rowsPerRequest: rows },
  });
  return ingest.url;
}
