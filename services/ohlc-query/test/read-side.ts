import {
  hearSymbols,
  MaintenanceWorker,
  openPool,
  queueRefresh,
  type RefreshWindow,
  readCommitRules,
  readSettings,
  type Sql,
  stillQueued,
} from "@fx-ohlc/database";
import { parseTime } from "@fx-ohlc/schemas";
import { readEnv } from "@fx-ohlc/service-kit";
import { eventually, testDatabase } from "@fx-ohlc/testkit";
import { createApp } from "../src/app.js";
import { readConfig } from "../src/config.js";

/** A tick as tests write it down. */
export interface TestTick {
  readonly symbol?: string;
  readonly time: string;
  readonly seq?: number;
  readonly price: number;
  /** Of a quote, whose mid `price` is. */
  readonly bid?: number;
  readonly ask?: number;
}

/** A quote with so many decimals at most that its mid is exact as doubles reckon it. */
export function quoteOf(time: string, bid: number, ask: number): TestTick {
  return { time, bid, ask, price: Math.round((bid + ask) * 5e5) / 1e6 };
}

export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: T;
}

export interface Bar {
  readonly bucket: string;
  readonly symbol: string;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly tick_count: number;
  readonly complete: boolean;
  readonly date?: string;
  readonly empty?: "no_ticks" | "market_closed" | "feed_down";
}

/** A running ohlc-query inside the test's process, with a database of its own. */
export interface ReadSide {
  readonly url: string;
  readonly databaseUrl: string;
  readonly sql: Sql;
  get<T = Bar[]>(path: string, headers?: Record<string, string>): Promise<Answer<T>>;
  /** Stores ticks and waits until the bars hold them. */
  insert(ticks: readonly TestTick[]): Promise<void>;
  /** From now on nobody refreshes or drops anything. */
  endMaintenance(): Promise<void>;
  stop(): Promise<void>;
}

const DEFAULT_SYMBOL = "EURUSD";

export const microsOf = (time: string): number => {
  const us = parseTime(time);
  if (us === undefined) throw new Error(`not a time: ${time}`);
  return us;
};

/** Starts the service and waits until it is ready. */
export async function startReadSide(
  settings?: Parameters<typeof testDatabase>[0],
  env: Readonly<Record<string, string>> = {},
): Promise<ReadSide> {
  const database = await testDatabase(settings);
  const app = createApp(configFor(database.url, env), "1.2.3", new AbortController().signal);
  await app.start();
  const url = `http://127.0.0.1:${app.port}`;
  const sql = openPool({ url: database.url, applicationName: "test", connectionsMax: 3, statementTimeoutMs: 30_000 });
  const worker = new MaintenanceWorker({ url: database.url, onError: () => undefined });
  const { engine } = await readSettings(sql);
  if (engine === "timescaledb") worker.start();
  let isMaintained = engine === "timescaledb";
  const endMaintenance = async () => {
    if (isMaintained) await worker.stop();
    isMaintained = false;
  };
  return {
    url,
    databaseUrl: database.url,
    sql,
    get: (path, headers) => get(url, path, headers),
    insert: (ticks) => insert(sql, engine, ticks),
    endMaintenance,
    stop: async () => {
      await app.stop();
      await endMaintenance();
      await sql.end({ timeout: 2 });
      await database.drop();
    },
  };
}

/** The configuration of a service under test: any free port, errors logged only. */
export function configFor(databaseUrl: string, env: Readonly<Record<string, string>> = {}) {
  return readEnv({ PORT: "0", LOG_LEVEL: "error", DATABASE_URL: databaseUrl, ...env }, readConfig);
}

export async function get<T>(url: string, path: string, headers: Record<string, string> = {}): Promise<Answer<T>> {
  const response = await fetch(url + path, { headers });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: text === "" ? undefined : JSON.parse(text) };
}

type Engine = Parameters<typeof queueRefresh>[1];

/** As tick-ingest does: what real-time reads may not cover any more is refreshed. */
async function insert(sql: Sql, engine: Engine, ticks: readonly TestTick[]): Promise<void> {
  const times = ticks.map(({ time }) => microsOf(time));
  const symbols = [...new Set(ticks.map(({ symbol = DEFAULT_SYMBOL }) => symbol))];
  const quotes = ticks.filter(({ bid }) => bid !== undefined);
  const quoted = [...new Set(quotes.map(({ symbol = DEFAULT_SYMBOL }) => symbol))];
  const ids = await sql.begin(async (transaction) => {
    await hearSymbols(transaction, symbols, quoted);
    await transaction`
      insert into ticks (symbol, time, seq, price, bid, ask)
      select symbol, time, seq, price, nullif(bid, 'NaN'), nullif(ask, 'NaN')
        from unnest(${ticks.map(({ symbol = DEFAULT_SYMBOL }) => symbol)}::text[], ${times}::timestamptz[],
                           ${ticks.map(({ seq = 0 }) => seq)}::int2[], ${ticks.map(({ price }) => price)}::float8[],
                           ${ticks.map(({ bid = Number.NaN }) => bid)}::float8[],
                           ${ticks.map(({ ask = Number.NaN }) => ask)}::float8[])
             as tick(symbol, time, seq, price, bid, ask)`;
    const { lateBeforeUs } = await readCommitRules(transaction);
    const late = times.filter((time) => time < lateBeforeUs);
    if (late.length === 0) return [];
    const fromUs = late.reduce((a, b) => Math.min(a, b));
    const toUs = late.reduce((a, b) => Math.max(a, b)) + 1;
    const windows = symbols.map((symbol): RefreshWindow => ({ symbol, fromUs, toUs, reason: "late" }));
    return queueRefresh(transaction, engine, windows);
  });
  await eventually(async () => (await stillQueued(sql, ids)).size === 0, { what: "the bars to hold the ticks" });
}

/** The path of the next page, relative to the service; undefined on the last one. */
export function nextPath(answer: Answer<unknown>, url: string): string | undefined {
  const link = /^<([^>]+)>; rel="next"$/.exec(answer.headers.get("link") ?? "")?.[1];
  if (link === undefined) return undefined;
  if (!link.startsWith(url)) throw new Error(`${link} does not lead back to ${url}`);
  return link.slice(url.length);
}

/** Follows `Link` to the end. */
export async function allPages<T>(readSide: ReadSide, path: string): Promise<T[][]> {
  const pages: T[][] = [];
  for (let next: string | undefined = path; next !== undefined; ) {
    const answer: Answer<T[]> = await readSide.get<T[]>(next);
    if (answer.status !== 200) throw new Error(`${next}: ${answer.text}`);
    pages.push(answer.body);
    next = nextPath(answer, readSide.url);
  }
  return pages;
}
