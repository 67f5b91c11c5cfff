import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, type ServerHandle, startPostgres, temporaryPostgres } from "@fx-ohlc/embedded";
import type { TestPostgres } from "./test-postgres.js";

/** A standby that follows a primary by streaming replication. */
export type TestStandby = TestPostgres;

/** What a server must write to its log for a standby. */
const REPLICATED = { wal_level: "replica", max_wal_senders: "4" };

/** An embedded PostgreSQL server that standbys can follow. */
export async function testPrimary(): Promise<TestPostgres> {
  return droppable(await temporaryPostgres(REPLICATED));
}

/** A standby of a {@link testPrimary}. The primary is stopped for a moment, because its folder is copied. */
export async function testStandby(primary: ServerHandle): Promise<TestStandby> {
  const dataDir = mkdtempSync(join(tmpdir(), "fx-test-standby-"));
  await primary.stop();
  // Owners too: the server runs under an account of its own where the tests run as root.
  execFileSync("cp", ["-a", `${primary.dataFolder}/.`, dataDir]);
  execFileSync("cp", ["-p", join(dataDir, "cluster", "PG_VERSION"), join(dataDir, "cluster", "standby.signal")]);
  await primary.start();
  const { hostname, port, username, password } = new URL(primary.url);
  const from = `host=${hostname} port=${port} user=${username} password=${password}`;
  // A standby needs no less than its primary has.
  const settings = { ...REPLICATED, fsync: "off", max_connections: "300", primary_conninfo: from };
  return droppable(await startPostgres({ dataDir, port: await freePort(), settings, temporary: true }));
}

function droppable(server: ServerHandle): TestPostgres {
  const drop = async (): Promise<void> => {
    await server.stop();
    rmSync(server.dataFolder, { recursive: true, force: true });
  };
  return Object.assign(server, { drop });
}
