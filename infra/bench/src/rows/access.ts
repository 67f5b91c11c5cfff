import type { Sql } from "@fx-ohlc/database";
import { formatBucket, parseTime, US_PER_HOUR, US_PER_MINUTE } from "@fx-ohlc/schemas";
import { eventually } from "@fx-ohlc/testkit";
import { type BenchDatabase, createBenchDatabase } from "../bench-database.js";
import type { Lab } from "../lab.js";
import { runJob } from "../load/run-job.js";
import { alternate } from "../rounds.js";
import { untilClosed } from "./closed-bars.js";
import { compareRates, RateMeter } from "./ratio.js";
import { grouped, type Row, type RowContext, type RowResult } from "./row.js";
import { SYMBOLS } from "./symbols.js";

const TOKEN = `fxk_bench_${"b".repeat(43)}`;
const GUARDED = { AUTH: "on", BIND_ADDRESS: "127.0.0.1", INTERNAL_SECRET: "the secret of this run", ADMIN_KEY: TOKEN };
const POSTS = { kind: "ticks", connections: 64, warmUpMs: 500, measureMs: 2500, symbols: SYMBOLS } as const;
const READS = { kind: "paths", connections: 16, warmUpMs: 500, measureMs: 1500 } as const;

const SYMBOL = "GUARDED";
const FIRST_US = parseTime("2015-01-01T00:00:00Z") ?? 0;
const BARS = 60;
const HOURS = 16;
const KEYS = 10_000;

/** Live ticks one by one, by senders who show a key, against senders who need none. */
export const guardedPosts: Row = {
  name: "single-access",
  async measure({ lab, config, signal }: RowContext): Promise<RowResult> {
    const open = await lab.service("tick-ingest");
    const ingest = await guarded(lab, "tick-ingest");
    const meter = new RateMeter();
    const rounds = await alternate(config.rounds, signal, {
      theirs: async () => meter.rate("theirs", await runJob({ ...POSTS, url: open.url })),
      ours: async () => meter.rate("ours", await runJob({ ...POSTS, token: TOKEN, url: ingest })),
    });
    return {
      work: "single POST with AUTH=on",
      against: "with AUTH=off",
      setup: `${POSTS.connections} connections, ${POSTS.measureMs} ms a round, two services on one database`,
      ...compareRates(rounds, "requests/s", 0.95),
      generatorCpu: meter.generatorCpu,
    };
  },
};

/** An hour of minute bars, for readers who show a key, against readers who need none. */
export const guardedBars: Row = {
  name: "bars-access",
  async measure({ lab, config, signal }: RowContext): Promise<RowResult> {
    const [open, query] = [await lab.service("ohlc-query"), await guardedQuery(lab)];
    const meter = new RateMeter();
    const rounds = await alternate(config.rounds, signal, {
      theirs: async () => meter.rate("theirs", await runJob({ ...READS, paths: PATHS, url: open.url })),
      ours: async () => meter.rate("ours", await runJob({ ...READS, paths: PATHS, token: TOKEN, url: query })),
    });
    return {
      work: `GET /ohlc/minute, ${BARS} bars, with AUTH=on`,
      against: "with AUTH=off",
      setup: `${READS.connections} connections, ${READS.measureMs} ms a round, two services on one database`,
      ...compareRates(rounds, "requests/s", 0.95),
      generatorCpu: meter.generatorCpu,
    };
  },
};

/** The same where there are many keys, against where there is one. */
export const manyKeys: Row = {
  name: "bars-keys",
  async measure({ lab, config, signal }: RowContext): Promise<RowResult> {
    const database = await createBenchDatabase(lab.database.url);
    lab.onClose(() => database.drop());
    await storeKeys(database.sql);
    const [one, many] = [await guardedQuery(lab), await guardedQuery(lab, database)];
    const load = { ...READS, paths: PATHS, token: TOKEN };
    const meter = new RateMeter();
    const rounds = await alternate(config.rounds, signal, {
      theirs: async () => meter.rate("theirs", await runJob({ ...load, url: one })),
      ours: async () => meter.rate("ours", await runJob({ ...load, url: many })),
    });
    return {
      work: `the same with ${grouped(KEYS)} live and ${grouped(KEYS)} revoked keys`,
      against: "with one key",
      setup: `${READS.connections} connections, ${READS.measureMs} ms a round, two databases on one server`,
      ...compareRates(rounds, "requests/s", 0.95),
      generatorCpu: meter.generatorCpu,
    };
  },
};

const PATHS = Array.from({ length: HOURS }, (_, hour) => {
  const [start, end] = [hour, hour + 1].map((at) => formatBucket(FIRST_US + at * US_PER_HOUR));
  return `/ohlc/minute?symbol=${SYMBOL}&start=${start}&end=${end}`;
});

/** The address of an ohlc-query that takes the key, with closed bars to read. */
async function guardedQuery(
  lab: Lab,
  { url, sql }: Pick<BenchDatabase, "url" | "sql"> = lab.database,
): Promise<string> {
  const ingest = await guarded(lab, "tick-ingest", url);
  const query = await guarded(lab, "ohlc-query", url);
  const ticks = Array.from({ length: HOURS * BARS }, (_, minute) => {
    return { symbol: SYMBOL, price: 1 + minute / 1e5, time: formatBucket(FIRST_US + minute * US_PER_MINUTE) };
  });
  const headers = { ...AUTHORIZED, "content-type": "application/json" };
  const sent = await fetch(`${ingest}/ticks/bulk`, { method: "POST", headers, body: JSON.stringify(ticks) });
  if (!sent.ok) throw new Error(`the bars' ticks were refused: ${await sent.text()}`);
  const hour = async () => (await fetch(query + PATHS[0], { headers: AUTHORIZED })).json();
  await eventually(async () => ((await hour()) as unknown[]).length === BARS, { what: `${BARS} bars of late ticks` });
  await untilClosed(sql, FIRST_US + HOURS * US_PER_HOUR);
  return query;
}

const AUTHORIZED = { authorization: `Bearer ${TOKEN}` };

/** The address of a service that wants a key and knows this one. */
async function guarded(lab: Lab, name: "tick-ingest" | "ohlc-query", databaseUrl = lab.database.url): Promise<string> {
  const service = await lab.another(name, {
    ...GUARDED,
    ...{ DATABASE_URL: databaseUrl, DATABASE_DIRECT_URL: databaseUrl },
  });
  const path = name === "tick-ingest" ? "/keys" : "/symbols";
  const isKnown = async () => (await fetch(service.url + path, { headers: AUTHORIZED })).ok;
  await eventually(isKnown, { what: `${name} to know the key` });
  return service.url;
}

async function storeKeys(sql: Sql): Promise<void> {
  await sql`
    insert into api_keys (id, name, secret_hash, scopes, created_at, created_by, revoked_at)
    select 'key' || i, 'key ' || i, encode(sha256(i::text::bytea), 'hex'), '{read,write}', now(), 'bench',
           case when i > ${KEYS}::int then now() end
      from generate_series(1, ${2 * KEYS}::int) i`;
}
