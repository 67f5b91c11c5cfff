import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Sql } from "@fx-ohlc/database";
import { eventually } from "@fx-ohlc/embedded";
import type { Lab } from "../lab.js";
import { runJob } from "../load/run-job.js";
import { alternate } from "../rounds.js";
import { readSample } from "../sample.js";
import { findCopy } from "./copy.js";
import { compareRates, RateMeter } from "./ratio.js";
import { grouped, type Row, type RowContext, type RowResult } from "./row.js";

const ROWS = 200_000;
const LOAD = { kind: "bulk", connections: 8, rows: ROWS, rowsPerRequest: 1000 } as const;
/** Bars of old ticks follow within seconds on TimescaleDB; this is for a backlog of many windows. */
const BARS_TIMEOUT_MS = 60_000;

/** History over HTTP, against PostgreSQL's own bulk loader. */
export const bulkIngest: Row = {
  name: "bulk",
  async measure({ lab, config, signal }: RowContext): Promise<RowResult> {
    const ingest = await lab.service("tick-ingest");
    const file = await writeCsv(lab);
    const copy = findCopy();
    const meter = new RateMeter();
    const { sql, url } = lab.database;
    const rounds = await alternate(config.rounds, signal, {
      theirs: async () => {
        await empty(sql);
        return ROWS / (await copy.seconds(url, file));
      },
      ours: async () => {
        await empty(sql);
        const { seconds, generatorCpu } = await runJob({ ...LOAD, url: ingest.url });
        await untilExact(sql);
        return meter.rate("ours", { answered: ROWS, answeredInAll: ROWS, seconds, generatorCpu });
      },
    });
    return {
      work: "bulk ingest over HTTP, JSON",
      against: copy.name,
      setup: `${grouped(ROWS)} real quotes a round, 1,000 per request, ${LOAD.connections} connections; the bars count every one`,
      ...compareRates(rounds, "rows/s", 0.5),
      generatorCpu: meter.generatorCpu,
    };
  },
};

async function writeCsv(lab: Lab): Promise<string> {
  const file = join(lab.folder, "ticks.csv");
  const lines = (await readSample(ROWS)).map(({ time, seq, price }) => `EURUSD,${time},${seq},${price}\n`);
  writeFileSync(file, lines.join(""));
  return file;
}

/** Both sides start on an empty table. On TimescaleDB its chunks are gone with it, which must not be taken for retention. */
async function empty(sql: Sql): Promise<void> {
  await sql.begin(async (transaction) => {
    for (const relation of ["ticks", "ohlc_minute", "ohlc_hour", "ohlc_day"])
      await transaction`truncate ${transaction(relation)}`;
    const [row] = await transaction`select to_regclass('tick_chunks') is not null as "hasChunks"`;
    if (row?.hasChunks === true) await transaction`delete from tick_chunks`;
  });
}

/** Waits until day bars hold every row, so that no work of this round is left for the next one. */
async function untilExact(sql: Sql): Promise<void> {
  const isExact = async (): Promise<boolean> => {
    const [row] = await sql<{ count: number }[]>`
      select coalesce(sum(tick_count), 0)::bigint as count from ohlc_day where bucket between '2014-01-01' and '2015-01-01'`;
    return row?.count === ROWS;
  };
  await eventually(isExact, { timeoutMs: BARS_TIMEOUT_MS, intervalMs: 100, what: `bars of ${ROWS} ticks` });
}
