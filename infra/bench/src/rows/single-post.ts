import type { Sql } from "@fx-ohlc/database";
import { startBaseline } from "../baseline/start-baseline.js";
import { runJob } from "../load/run-job.js";
import { alternate } from "../rounds.js";
import { compareRates, RateMeter } from "./ratio.js";
import { grouped, type Row, type RowContext, type RowResult } from "./row.js";
import { SYMBOLS } from "./symbols.js";

const LOAD = { kind: "ticks", connections: 64, warmUpMs: 500, measureMs: 2500, symbols: SYMBOLS } as const;

/** Ticks posted one by one, each acknowledged when it is on disk, against a server that only parses and echoes them. */
export const singlePost: Row = {
  name: "single",
  async measure({ lab, config, signal }: RowContext): Promise<RowResult> {
    const ingest = await lab.service("tick-ingest");
    const express = await startBaseline(lab, { name: "bare-express" });
    const meter = new RateMeter();
    const { sql } = lab.database;
    const storedBefore = await storedTicks(sql);
    let acknowledged = 0;
    const rounds = await alternate(config.rounds, signal, {
      theirs: async () => meter.rate("theirs", await runJob({ ...LOAD, url: express })),
      ours: async () => {
        const throughput = await runJob({ ...LOAD, url: ingest.url });
        acknowledged += throughput.answeredInAll;
        return meter.rate("ours", throughput);
      },
    });
    const stored = (await storedTicks(sql)) - storedBefore;
    if (stored !== acknowledged) throw new Error(`${acknowledged} ticks were acknowledged and ${stored} are stored`);
    return {
      work: "single POST, each acknowledgement durable",
      against: "bare Express, express.json() and res.json()",
      setup: `${LOAD.connections} connections, ${SYMBOLS.length} symbols, ${LOAD.measureMs} ms a round; each of ${grouped(stored)} acknowledged ticks is stored`,
      ...compareRates(rounds, "requests/s", 1.5),
      generatorCpu: meter.generatorCpu,
    };
  },
};

async function storedTicks(sql: Sql): Promise<number> {
  const [row] = await sql<{ count: number }[]>`select count(*) from ticks where symbol = any(${SYMBOLS}::text[])`;
  return row?.count ?? 0;
}
