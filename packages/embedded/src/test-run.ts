import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import { dropDatabases } from "./empty-database.js";
import { freePort } from "./free-port.js";
import { startPostgres } from "./postgres.js";
import type { ServerHandle } from "./server-handle.js";

/** One run of tests: the PostgreSQL server they share, and what their databases are called on it. */
export interface TestRun {
  /** A superuser's URL. */
  serverUrl: string;
  /** Every database of the run is called `<prefix>_…`, so that its end can remove what tests left. */
  prefix: string;
}

/** Several test processes at once, each with a few pools. */
const CONNECTIONS_MAX = 300;
/** No run lasts so long: its databases on a lasting server are what a killed run left. */
const RUN_HOURS_MAX = 6;
const RUN_NAME = /^fx_test_(\d+)_/;

/**
 * The run that some process above this one has opened.
 *
 * @throws Error when there is none: jest's configuration lacks the global setup.
 */
export function testRun(): TestRun {
  const { TEST_DATABASE_URL: serverUrl, FX_TEST_RUN: prefix } = env;
  if (serverUrl && prefix) return { serverUrl, prefix };
  throw new Error("no test server: jest.config.mjs needs packages/jest.database.mjs instead of jest.base.mjs");
}

/**
 * Opens a run for this process and its children: on the server of TEST_DATABASE_URL, else on a temporary one of its own.
 * Inside a run that is open already it does nothing.
 *
 * @returns ends what was opened here.
 */
export async function openTestRun(): Promise<() => Promise<void>> {
  if (env.FX_TEST_RUN) return async () => undefined;
  const prefix = `fx_test_${Date.now()}_${randomBytes(4).toString("hex")}`;
  env.FX_TEST_RUN = prefix;
  return env.TEST_DATABASE_URL ? useServer(env.TEST_DATABASE_URL, prefix) : useTemporaryServer();
}

async function useServer(url: string, prefix: string): Promise<() => Promise<void>> {
  await dropDatabases(url, isLeftOver);
  return () => dropDatabases(url, (name) => name.startsWith(prefix));
}

function isLeftOver(name: string): boolean {
  const startedMs = Number(RUN_NAME.exec(name)?.[1] ?? Number.POSITIVE_INFINITY);
  return startedMs < Date.now() - RUN_HOURS_MAX * 3_600_000;
}

async function useTemporaryServer(): Promise<() => Promise<void>> {
  const server = await temporaryPostgres();
  env.TEST_DATABASE_URL = server.url;
  return async () => {
    await server.stop();
    rmSync(server.dataFolder, { recursive: true, force: true });
  };
}

/** A server on a free port that is gone with this process. Without fsync: a test that kills it loses nothing by that, only a power cut could. */
export async function temporaryPostgres(settings: Readonly<Record<string, string>> = {}): Promise<ServerHandle> {
  return startPostgres({
    dataDir: mkdtempSync(join(tmpdir(), "fx-test-postgres-")),
    port: await freePort(),
    settings: { fsync: "off", full_page_writes: "off", max_connections: String(CONNECTIONS_MAX), ...settings },
    temporary: true,
  });
}
