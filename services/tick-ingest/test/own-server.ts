import { migrate } from "@fx-ohlc/database";
import { readEnv } from "@fx-ohlc/service-kit";
import { eventually, type TestRedis } from "@fx-ohlc/testkit";
import postgres from "postgres";
import { createApp } from "../src/app.js";
import { readConfig } from "../src/config.js";

/** A running tick-ingest on databases that the test brings along. */
export interface Served {
  readonly url: string;
  post(body?: unknown): Promise<Said>;
  get(path: string): Promise<Said>;
  /** Resolves when `/ready` says so. */
  ready(isReady: boolean): Promise<void>;
  stop(): Promise<void>;
}

export interface Said {
  readonly status: number;
  readonly body: Record<string, unknown>;
  readonly retryAfterS: number;
  readonly ms: number;
}

export const TICK = { symbol: "EURUSD", price: 1.1 };

/** Starts the service; it need not get ready. */
export async function serve(env: Record<string, string>, redis: TestRedis): Promise<Served> {
  const aborter = new AbortController();
  const all = { PORT: "0", LOG_LEVEL: "error", REDIS_URL: redis.url, ...env };
  const app = createApp(readEnv(all, readConfig), "test", aborter.signal);
  const started = app.start().catch(() => undefined);
  await eventually(() => app.port !== 0, { what: "the port" });
  const url = `http://127.0.0.1:${app.port}`;
  const ask = async (path: string, init?: RequestInit): Promise<Said> => {
    const startedMs = performance.now();
    const response = await fetch(url + path, init);
    const body = (await response.json()) as Record<string, unknown>;
    const retryAfterS = Number(response.headers.get("retry-after") ?? Number.NaN);
    return { status: response.status, body, retryAfterS, ms: performance.now() - startedMs };
  };
  const get = (path: string) => ask(path);
  const headers = { "content-type": "application/json" };
  return {
    url,
    get,
    post: (body = TICK) => ask("/ticks", { method: "POST", body: JSON.stringify(body), headers }),
    ready: async (isReady) => {
      const answer = isReady ? 200 : 503;
      const what = isReady ? "readiness" : "no readiness";
      await eventually(async () => (await get("/ready")).status === answer, { what });
    },
    stop: async () => {
      aborter.abort();
      await app.stop();
      await started;
    },
  };
}

/** Migrates a server of the test's own, which has plain PostgreSQL. */
export async function migrated<S extends { readonly url: string }>(server: S): Promise<S> {
  await migrate({ url: server.url, engine: "postgres" });
  return server;
}

/** Runs one piece of work beside the service. */
export async function aside<T>(url: string, work: (sql: postgres.Sql) => Promise<T>): Promise<T> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    return await work(sql);
  } finally {
    await sql.end({ timeout: 2 });
  }
}
