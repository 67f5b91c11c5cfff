import { type StreamNames, streamNames } from "@fx-ohlc/schemas";
import { readEnv } from "@fx-ohlc/service-kit";
import { eventually, type TestDatabase, type TestRedis, testDatabase, testRedis } from "@fx-ohlc/testkit";
import postgres from "postgres";
import { createApp } from "../src/app.js";
import { readConfig } from "../src/config.js";

/** A running tick-ingest inside the test's process, with a database and a Redis of its own. */
export interface Ingest {
  readonly url: string;
  readonly database: TestDatabase;
  readonly redis: TestRedis;
  readonly sql: postgres.Sql;
  /** Its names on Redis. */
  readonly names: StreamNames;
  post(path: string, body: unknown, type?: string): Promise<Answer>;
  send(method: string, path: string, body?: unknown): Promise<Answer>;
  stop(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

/** A process of the service that uses what another one does. */
export interface Beside {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts the service on a database and a Redis that are there, and waits until it is healthy. */
export async function startBeside(
  { database, redis }: Pick<Ingest, "redis"> & { readonly database: Pick<TestDatabase, "url"> },
  env: Record<string, string> = {},
): Promise<Beside> {
  const config = readEnv(
    { PORT: "0", LOG_LEVEL: "error", DATABASE_URL: database.url, REDIS_URL: redis.url, ...env },
    readConfig,
  );
  const aborter = new AbortController();
  const app = createApp(config, "test", aborter.signal);
  await app.start();
  const url = `http://127.0.0.1:${app.port}`;
  await eventually(async () => (await fetch(`${url}/health`)).ok, { what: "tick-ingest to be healthy" });
  const stop = async () => {
    aborter.abort();
    await app.stop();
  };
  return { url, stop };
}

/** Starts the service and waits until it is ready. */
export async function startIngest(
  env: Record<string, string> = {},
  settings?: Parameters<typeof testDatabase>[0],
): Promise<Ingest> {
  const [database, redis] = await Promise.all([testDatabase(settings), testRedis()]);
  const { url, stop } = await startBeside({ database, redis }, env);
  const sql = postgres(database.url, { max: 2, onnotice: () => undefined });
  const send = (method: string, path: string, body?: unknown, type = "application/json") =>
    request(url, method, path, body, type);
  const [row] = await sql`select value from settings where key = 'stream_namespace'`;
  return {
    url,
    database,
    redis,
    sql,
    names: streamNames(row?.value),
    post: (path, body, type) => send("POST", path, body, type),
    send,
    stop: async () => {
      await stop();
      await sql.end({ timeout: 2 });
      await Promise.all([database.drop(), redis.drop()]);
    },
  };
}

async function request(url: string, method: string, path: string, body: unknown, type: string): Promise<Answer> {
  const payload = typeof body === "string" || body === undefined ? body : JSON.stringify(body);
  const response = await fetch(url + path, {
    method,
    headers: body === undefined ? {} : { "Content-Type": type },
    ...(payload === undefined ? {} : { body: payload }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: (text === "" ? {} : JSON.parse(text)) as Record<string, unknown>,
  };
}
