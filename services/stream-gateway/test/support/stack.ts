import { type Micros, nowUs, parseTime, type StoredInterval } from "@fx-ohlc/schemas";
import {
  eventually,
  startService,
  type TestDatabase,
  type TestRedis,
  type TestService,
  testDatabase,
  testRedis,
} from "@fx-ohlc/testkit";
import postgres from "postgres";
import type { Message } from "./test-client.js";
import { type TestGateway, testGateway } from "./test-gateway.js";

/** A tick as producers post it. */
export type PostedTick = PostedCost & {
  readonly symbol: string;
  readonly time: string;
  readonly seq?: number;
};

/** A price, or both sides of a quote. */
export type PostedCost =
  | { readonly price: number; readonly bid?: undefined; readonly ask?: undefined }
  | { readonly price?: undefined; readonly bid: number; readonly ask: number };

/** The whole way from a POST to a WebSocket: real services, a database and a Redis of their own. */
export class Stack {
  /** How far the database's clock is ahead of this machine's. */
  clockAheadMs = 0;

  private constructor(
    readonly database: TestDatabase,
    readonly redis: TestRedis,
    readonly ingest: TestService,
    readonly query: TestService,
    readonly gateway: TestGateway,
  ) {}

  /** @param env of the gateway */
  static async start(env: Readonly<Record<string, string>> = {}): Promise<Stack> {
    const [database, redis] = await Promise.all([testDatabase(), testRedis()]);
    const shared = { DATABASE_URL: database.url, REDIS_URL: redis.url, LOG_LEVEL: "error" };
    const [ingest, query] = await Promise.all([
      startService({ name: "tick-ingest", env: shared }),
      startService({ name: "ohlc-query", env: shared }),
    ]);
    const gateway = await testGateway(redis.url, { OHLC_QUERY_URL: query.url, ...env });
    return new Stack(database, redis, ingest, query, gateway);
  }

  async stop(): Promise<void> {
    await this.gateway.stop();
    await Promise.all([this.ingest.stop(), this.query.stop()]);
    await this.redis.drop();
    await this.database.drop();
  }

  /** The database's clock, which bars go by, ms; whatever a test makes of `Date.now()`. */
  get nowMs(): number {
    return performance.timeOrigin + performance.now() + this.clockAheadMs;
  }

  /** An instant some milliseconds from now by the database's clock, as producers write it. */
  timeFromNow(ms: number): string {
    return new Date(this.nowMs + ms).toISOString();
  }

  /** Moves the database's clock, so that it shows so much more than this machine's. */
  async moveClock(aheadMs: number): Promise<void> {
    const sql = postgres(this.database.url, { max: 1, onnotice: () => undefined });
    for (const [name, now] of [
      ["fx_now() returns timestamptz language sql stable", "now()"],
      ["fx_clock() returns timestamptz language sql volatile", "clock_timestamp()"],
    ]) {
      await sql.unsafe(`create or replace function ${name} parallel safe
                        return ${now} + interval '${aheadMs} milliseconds'`);
    }
    await sql.end();
    this.clockAheadMs = aheadMs;
  }

  /**
   * Moves the database's clock on, so that no test waits for a minute to come or meets its end before it is ready.
   *
   * @returns when a minute ends, some `leftMs` from now by the database's clock, which the gateway knows by then, ms
   */
  async minuteEndingIn(leftMs: number): Promise<number> {
    const soonMs = this.nowMs - this.clockAheadMs + leftMs;
    const endMs = Math.ceil(soonMs / 60_000) * 60_000;
    await this.moveOnTo(endMs, leftMs);
    return endMs;
  }

  /** Moves the database's clock on to `leftMs` before an instant, for whoever has nothing to do until then; never back. */
  async moveOnTo(instantMs: number, leftMs: number): Promise<void> {
    if (instantMs - this.nowMs < leftMs) return;
    await this.moveClock(instantMs - leftMs - (this.nowMs - this.clockAheadMs));
    const skewMs = async () => {
      const health = await (await fetch(`${this.gateway.httpUrl}/health`)).json();
      return 1000 * ((health as { readonly clock_skew_s?: number }).clock_skew_s ?? Number.NaN);
    };
    // The gateway runs in this process, with what a test makes of its clock.
    const isKnown = async () => Math.abs((await skewMs()) - (Date.now() - this.nowMs)) < 500;
    await eventually(isKnown, { what: "the gateway to know the database's clock" });
  }

  /** Posts ticks; they are committed when it resolves. */
  async post(ticks: readonly PostedTick[]): Promise<void> {
    const response = await fetch(`${this.ingest.url}/ticks/bulk`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(ticks),
    });
    if (response.status !== 201) throw new Error(`POST /ticks/bulk: ${response.status} ${await response.text()}`);
  }

  async deleteTick(symbol: string, time: string): Promise<void> {
    const response = await fetch(`${this.ingest.url}/ticks/${symbol}/${time}`, { method: "DELETE" });
    if (!response.ok) throw new Error(`DELETE: ${response.status} ${await response.text()}`);
  }

  async deleteRange(symbol: string, start: string, end: string): Promise<void> {
    const query = new URLSearchParams({ symbol, start, end });
    const response = await fetch(`${this.ingest.url}/ticks?${query}`, { method: "DELETE" });
    if (!response.ok) throw new Error(`DELETE: ${response.status} ${await response.text()}`);
  }

  async putTick(symbol: string, time: string, cost: number | PostedCost): Promise<void> {
    const query = new URLSearchParams({ symbol, time });
    const response = await fetch(`${this.ingest.url}/ticks?${query}`, {
      method: "PUT",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(typeof cost === "number" ? { price: cost } : cost),
    });
    if (!response.ok) throw new Error(`PUT: ${response.status} ${await response.text()}`);
  }

  /**
   * Every stored bar of a symbol that starts at or after an instant.
   *
   * @param of what else the query says
   */
  async bars(symbol: string, interval: StoredInterval, from: Micros, of: object = {}): Promise<Message[]> {
    const start = new Date(from / 1000).toISOString();
    const end = new Date(nowUs() / 1000 + 86_400_000).toISOString();
    const query = new URLSearchParams({ symbol, start, end, limit: "10000", ...of });
    const response = await fetch(`${this.query.url}/ohlc/${interval}?${query}`);
    return (await response.json()) as Message[];
  }

  async metric(name: string): Promise<number> {
    const text = await (await fetch(`${this.gateway.httpUrl}/metrics`)).text();
    return Number(new RegExp(`^${name} (\\d+)`, "m").exec(text)?.[1]);
  }
}

/** What a query for bars says that wants to know all of their quotes. */
export const WITH_QUOTES = { include: "bid,ask,spread" };

/** What bars have in common on the stream and over HTTP. */
export function barOf(bar: Message): object {
  const { interval: _interval, timestamp: _sent, complete: _complete, final: _final, ...rest } = bar;
  const { revision: _revision, ...common } = rest;
  return common;
}

/** An instant some milliseconds from now, as producers write it. */
export function timeFromNow(ms: number): string {
  return new Date(Date.now() + ms).toISOString();
}

export const microsOf = (time: string): Micros => parseTime(time) ?? Number.NaN;
