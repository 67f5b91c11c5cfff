import type { Sql } from "@fx-ohlc/database";
import { BAR_FORMATS, type BarFormat, type FileFormat, formatBucket, parseTime, US_PER_MINUTE } from "@fx-ohlc/schemas";
import { eventually } from "@fx-ohlc/testkit";
import type { Lab } from "../lab.js";
import { runJob } from "../load/run-job.js";
import { alternate } from "../rounds.js";
import { untilClosed } from "./closed-bars.js";
import { compareRates, RateMeter } from "./ratio.js";
import { grouped, type Row, type RowContext, type RowResult } from "./row.js";

const LOAD = { kind: "paths", connections: 1, warmUpMs: 300, measureMs: 1500 } as const;
const BARS = 10_000;
const SYMBOL = "MANYBARS";
const FIRST_US = parseTime("2015-01-01T00:00:00Z") ?? 0;
const END_US = FIRST_US + BARS * US_PER_MINUTE;
const RANGE = [formatBucket(FIRST_US), formatBucket(END_US)] as const;
/** On TimescaleDB bars of the past hold their ticks once they are refreshed, ms. */
const STORED_WITHIN_MS = 60_000;

/** What a reader is to reach, beside PostgreSQL that prints the same bars. */
interface Reading {
  /** Whether closed bars are kept in memory. */
  readonly isWarm: boolean;
  readonly atLeast: number;
}

/** The largest page there is, in a format, against PostgreSQL's own time to find the same bars and print them as text. */
function manyBars(format: BarFormat | FileFormat, { isWarm, atLeast }: Reading): Row {
  return {
    name: isWarm ? `bars-${format}` : `bars-${format}-cold`,
    async measure({ lab, config, signal }: RowContext): Promise<RowResult> {
      const query = await (isWarm ? lab.service("ohlc-query") : lab.another("ohlc-query", { BAR_CACHE_MB: "0" }));
      const [start, end] = RANGE;
      const path = `/ohlc/minute?symbol=${SYMBOL}&start=${start}&end=${end}&limit=${BARS}&format=${format}`;
      await storeBars(lab, query.url);
      if (isWarm) await untilClosed(lab.database.sql, END_US);
      const bytes = await sizeOf(`${query.url}${path}`);
      const meter = new RateMeter();
      const rounds = await alternate(config.rounds, signal, {
        theirs: () => printingsPerSecond(lab.database.sql),
        ours: async () => meter.rate("ours", await runJob({ ...LOAD, paths: [path], url: query.url })),
      });
      return {
        work: `GET /ohlc/minute, ${grouped(BARS)} bars as ${format}, ${isWarm ? "warm" : "cold"}`,
        against: "PostgreSQL printing the same bars, nothing sent",
        setup: `one connection, ${Math.round(bytes / 1000)} kB an answer, ${LOAD.measureMs} ms a round`,
        ...compareRates(rounds, "answers/s", atLeast),
        generatorCpu: meter.generatorCpu,
      };
    },
  };
}

const WARM = { isWarm: true, atLeast: 10 };
const COLD = { isWarm: false, atLeast: 0.9 };

export const manyBarsRows: readonly Row[] = [
  ...([...BAR_FORMATS, "arrow"] as const).map((format) => manyBars(format, WARM)),
  ...(["json", "csv", "arrow"] as const).map((format) => manyBars(format, COLD)),
];

/** A tick in each minute, as any producer would send them; the second time nothing is stored. */
async function storeBars(lab: Lab, queryUrl: string): Promise<void> {
  const ingest = await lab.service("tick-ingest");
  const lines = Array.from({ length: BARS }, (_, i) => {
    const time = formatBucket(FIRST_US + i * US_PER_MINUTE);
    return `${time},${SYMBOL},${(1.1 + (i % 997) / 100_000).toFixed(5)}`;
  });
  const body = `time,symbol,price\n${lines.join("\n")}\n`;
  const answer = await fetch(`${ingest.url}/ticks/bulk`, {
    method: "POST",
    headers: { "content-type": "text/csv" },
    body,
  });
  if (!answer.ok) throw new Error(`the bars' ticks were refused: ${await answer.text()}`);
  const path = `/ohlc/minute?symbol=${SYMBOL}&start=${RANGE[0]}&end=${RANGE[1]}&limit=${BARS}&format=ccxt`;
  await eventually(
    async () => {
      const bars: unknown = await (await fetch(queryUrl + path)).json();
      return Array.isArray(bars) && bars.length === BARS;
    },
    { timeoutMs: STORED_WITHIN_MS, what: `${BARS} bars` },
  );
}

async function sizeOf(url: string): Promise<number> {
  const answer = await fetch(url, { headers: { "accept-encoding": "identity" } });
  if (!answer.ok) throw new Error(`${url}: ${await answer.text()}`);
  return (await answer.arrayBuffer()).byteLength;
}

/** How often a second PostgreSQL itself finds the bars and prints each as text, one query after the other on one connection. */
async function printingsPerSecond(sql: Sql): Promise<number> {
  const [start, end] = RANGE;
  const startedMs = performance.now();
  let printings = 0;
  while (performance.now() - startedMs < LOAD.measureMs) {
    await sql`
      select sum(length(bars::text))
        from (select symbol, bucket, open, high, low, close, tick_count
                from ohlc_minute
               where symbol = ${SYMBOL} and bucket >= ${start}::text::timestamptz and bucket < ${end}::text::timestamptz
               order by bucket
               limit ${BARS}) as bars`;
    printings += 1;
  }
  return printings / ((performance.now() - startedMs) / 1000);
}
