import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Sql } from "@fx-ohlc/database";
import { eventually } from "@fx-ohlc/embedded";
import type { Lab } from "../lab.js";
import type { BulkForm, BulkJob } from "../load/jobs.js";
import { runJob } from "../load/run-job.js";
import { alternate, median } from "../rounds.js";
import { readSample } from "../sample.js";
import { type ServerCpu, serverCpuSeconds } from "../server-cpu.js";
import { findCopy } from "./copy.js";
import { compareRates, RateMeter } from "./ratio.js";
import { grouped, type Row, type RowContext, type RowResult } from "./row.js";

const US_PER_SECOND = 1_000_000;
const ROWS = 200_000;
const ROWS_PER_REQUEST = 1000;
const LINES_PER_UPLOAD = 25_000;
const CONNECTIONS = 8;
const ONE_SYMBOL = ["EURUSD"];
const STEP_US = 1000;
const MANY_SYMBOLS = Array.from({ length: 100 }, (_, number) => `FX${String(number).padStart(4, "0")}`);
/** Bars of old ticks follow within seconds on TimescaleDB; this is for a backlog of many windows. */
const BARS_TIMEOUT_MS = 60_000;

const JSON_LOAD: Omit<BulkJob, "url"> = {
  ...{ kind: "bulk", form: "json", connections: CONNECTIONS },
  ...{ rows: ROWS, rowsPerRequest: ROWS_PER_REQUEST, symbols: ONE_SYMBOL },
};

/** History over HTTP, against PostgreSQL's own bulk loader. */
export const bulkIngest: Row = againstCopy("bulk", "bulk ingest over HTTP, JSON", JSON_LOAD, 0.6);

/** The same written line by line, which is uploaded in few long requests. */
export const lineRows: readonly Row[] = (["csv", "ndjson", "line protocol"] as const).map((form: BulkForm) =>
  againstCopy(
    `bulk-${form.replace(" ", "-")}`,
    `the same as ${form === "line protocol" ? form : form.toUpperCase()}`,
    { ...JSON_LOAD, form, rowsPerRequest: LINES_PER_UPLOAD },
    0.6,
  ),
);

function againstCopy(name: string, work: string, load: Omit<BulkJob, "url">, atLeast: number): Row {
  return {
    name,
    async measure({ lab, config, signal }: RowContext): Promise<RowResult> {
      const file = await writeCsv(lab);
      const copy = findCopy();
      const ours = await BulkSide.open(lab, load);
      const rounds = await alternate(config.rounds, signal, {
        theirs: async () => {
          await empty(lab.database.sql);
          return ROWS / (await copy.seconds(lab.database.url, file));
        },
        ours: () => ours.measure(),
      });
      return {
        work,
        against: copy.name,
        setup: `${setupOf(load)}; ${ours.summary}`,
        ...compareRates(rounds, "rows/s", atLeast),
        generatorCpu: { ours: ours.generatorCpu, theirs: 0 },
      };
    },
  };
}

/** A thousand ticks a second of a hundred symbols in turn, as a market sends them, against as many of one symbol. */
export const manySymbols: Row = againstPrices(
  {
    name: "bulk-symbols",
    work: `the same of ${MANY_SYMBOLS.length} symbols in turn`,
    setup: `, ${STEP_US / 1000} ms from one to the next`,
  },
  { ...JSON_LOAD, stepUs: STEP_US, symbols: MANY_SYMBOLS },
  { ...JSON_LOAD, stepUs: STEP_US },
);

/** Both sides of the market, whose bars are a family more, against as many single prices. */
export const quotes: Row = againstPrices(
  { name: "bulk-quotes", work: "the same as quotes", setup: "" },
  { ...JSON_LOAD, areQuotes: true },
  JSON_LOAD,
);

function againstPrices(
  { name, work, setup }: { readonly name: string; readonly work: string; readonly setup: string },
  load: Omit<BulkJob, "url">,
  prices: Omit<BulkJob, "url">,
): Row {
  return {
    name,
    async measure({ lab, config, signal }: RowContext): Promise<RowResult> {
      const ours = await BulkSide.open(lab, load);
      const theirs = await BulkSide.open(lab, prices);
      const rounds = await alternate(config.rounds, signal, {
        theirs: () => theirs.measure(),
        ours: () => ours.measure(),
      });
      return {
        work,
        against: "the same as prices of one symbol",
        setup: `${setupOf(JSON_LOAD)}${setup}; ${ours.summary}`,
        ...compareRates(rounds, "rows/s", 0.8),
        generatorCpu: { ours: ours.generatorCpu, theirs: theirs.generatorCpu },
      };
    },
  };
}

function setupOf({ rows, rowsPerRequest, connections }: Omit<BulkJob, "url">): string {
  return `${grouped(rows)} real quotes a round, ${grouped(rowsPerRequest)} per request, ${connections} connections; the bars count every one`;
}

/** Posts one load to tick-ingest, again and again, and keeps what it cost all servers. */
class BulkSide {
  readonly #meter = new RateMeter();
  /** Used until every row was acknowledged, and until the bars held them. */
  readonly #acknowledged: ServerCpu[] = [];
  readonly #exact: ServerCpu[] = [];

  private constructor(
    private readonly lab: Lab,
    private readonly serviceUrl: string,
    private readonly load: Omit<BulkJob, "url">,
  ) {}

  static async open(lab: Lab, load: Omit<BulkJob, "url">): Promise<BulkSide> {
    return new BulkSide(lab, (await lab.service("tick-ingest")).url, load);
  }

  get generatorCpu(): number {
    return this.#meter.generatorCpu.ours;
  }

  /** What a row costs all servers, and each of them. */
  get summary(): string {
    if (this.#acknowledged.length === 0) return "CPU time of the servers cannot be seen here";
    const us = (runs: readonly ServerCpu[], of: (cpu: ServerCpu) => number) =>
      (median(runs.map(of)) * US_PER_SECOND) / ROWS;
    const perSecond = (runs: readonly ServerCpu[]) =>
      grouped(US_PER_SECOND / us(runs, ({ service, postgres, redis }) => service + postgres + redis));
    const [service, postgres, redis] = (["service", "postgres", "redis"] as const).map((server) =>
      us(this.#acknowledged, (cpu) => cpu[server]).toFixed(1),
    );
    const each = `us a row: tick-ingest ${service}, database ${postgres}, Redis ${redis}`;
    return `${perSecond(this.#acknowledged)} rows per CPU second of all servers (${each}), and ${perSecond(this.#exact)} until the bars hold them`;
  }

  /** @returns rows a second */
  async measure(): Promise<number> {
    const { sql } = this.lab.database;
    await empty(sql);
    const cpuSeconds = () => serverCpuSeconds({ sql, redisUrl: this.lab.redisUrl, serviceUrl: this.serviceUrl });
    const before = await cpuSeconds();
    const { seconds, generatorCpu } = await runJob({ ...this.load, url: this.serviceUrl });
    const acknowledged = await cpuSeconds();
    await untilExact(sql);
    const exact = await cpuSeconds();
    if (before !== undefined && acknowledged !== undefined && exact !== undefined) {
      this.#acknowledged.push(differenceOf(acknowledged, before));
      this.#exact.push(differenceOf(exact, before));
    }
    return this.#meter.rate("ours", { answered: ROWS, answeredInAll: ROWS, seconds, generatorCpu });
  }
}

function differenceOf(after: ServerCpu, before: ServerCpu): ServerCpu {
  return {
    service: after.service - before.service,
    postgres: after.postgres - before.postgres,
    redis: after.redis - before.redis,
  };
}

async function writeCsv(lab: Lab): Promise<string> {
  const file = join(lab.folder, "ticks.csv");
  const lines = (await readSample(ROWS)).map(({ time, seq, price }) => `EURUSD,${time},${seq},${price}\n`);
  writeFileSync(file, lines.join(""));
  return file;
}

const STORED = [
  "ticks",
  ...["ohlc", "quote"].flatMap((family) => ["minute", "hour", "day"].map((level) => `${family}_${level}`)),
];

/** Both sides start on an empty table. On TimescaleDB its chunks are gone with it, which must not be taken for retention. */
async function empty(sql: Sql): Promise<void> {
  await sql.begin(async (transaction) => {
    for (const relation of STORED) await transaction`truncate ${transaction(relation)}`;
    const [row] = await transaction`select to_regclass('tick_chunks') is not null as "hasChunks"`;
    if (row?.hasChunks === true) await transaction`delete from tick_chunks`;
  });
}

/**
 * Waits until day bars hold every row, so that no work of this round is left for the next one. On TimescaleDB they do when nothing
 * waits to be refreshed: asking the bars themselves again and again would cost more than making them.
 */
async function untilExact(sql: Sql): Promise<void> {
  const [queue] = await sql`select to_regclass('refresh_queue') is not null as "isThere"`;
  const isRefreshed = async (): Promise<boolean> =>
    queue?.isThere !== true || (await sql`select 1 from refresh_queue limit 1`).length === 0;
  const timing = { timeoutMs: BARS_TIMEOUT_MS, intervalMs: 100 };
  await eventually(isRefreshed, { ...timing, what: "late ticks to be refreshed" });
  const isExact = async (): Promise<boolean> => {
    const [row] = await sql<{ count: number }[]>`
      select coalesce(sum(tick_count), 0)::bigint as count from ohlc_day where bucket between '2014-01-01' and '2015-01-01'`;
    return row?.count === ROWS;
  };
  await eventually(isExact, { ...timing, what: `bars of ${ROWS} ticks` });
}
