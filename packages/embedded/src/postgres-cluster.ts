import { execFile } from "node:child_process";
import { existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Account } from "./account.js";
import { serverPassword } from "./password.js";
import { dataFolder, postgresInstallation } from "./server-folders.js";

/** Ten times what initdb takes on two busy cores, ms. */
const INITDB_TIMEOUT_MS = 60_000;

/** A PostgreSQL cluster on disk and what runs it. */
export interface Cluster {
  account: Account | undefined;
  /** The folder PostgreSQL calls PGDATA. */
  folder: string;
  /** The server's program. */
  server: string;
  password: string;
}

/** Nothing of the caller's environment (PGDATA, LC_ALL, …) may change what the server does. */
export const SERVER_ENV: NodeJS.ProcessEnv = { LC_ALL: "C", TZ: "UTC" };

/**
 * Finds the cluster kept in `dataDir`, or makes a new one there.
 *
 * @param durable whether a new cluster is flushed to disk before it is used.
 * @throws Error when PostgreSQL is not there for this platform, or the cluster is of another major version.
 */
export async function openCluster(dataDir: string, account: Account | undefined, durable: boolean): Promise<Cluster> {
  const installation = postgresInstallation(account);
  const home = dataFolder(dataDir, account);
  const { password, file } = serverPassword(home, account);
  const folder = join(home, "cluster");
  if (!existsSync(folder)) await makeCluster(folder, join(installation, "bin", "initdb"), file, account, durable);
  await requireSameVersion(folder, join(installation, "bin", "postgres"));
  return { account, folder, server: join(installation, "bin", "postgres"), password };
}

/** Made under another name first, so that a start killed half-way leaves nothing that looks like a cluster. */
async function makeCluster(
  folder: string,
  initdb: string,
  passwordFile: string,
  account: Account | undefined,
  durable: boolean,
): Promise<void> {
  const unfinished = `${folder}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  const identity = ["--username=postgres", `--pwfile=${passwordFile}`, "--auth=scram-sha-256"];
  const args = [
    `--pgdata=${unfinished}`,
    ...identity,
    "--encoding=UTF8",
    "--locale=C",
    ...(durable ? [] : ["--no-sync"]),
  ];
  await promisify(execFile)(initdb, args, {
    env: SERVER_ENV,
    cwd: "/",
    timeout: INITDB_TIMEOUT_MS,
    ...(account && { uid: account.uid, gid: account.gid }),
  });
  renameSync(unfinished, folder);
}

async function requireSameVersion(folder: string, server: string): Promise<void> {
  const made = readFileSync(join(folder, "PG_VERSION"), "utf8").trim();
  const { stdout } = await promisify(execFile)(server, ["--version"], { env: SERVER_ENV });
  const running = /\d+/.exec(stdout)?.[0] ?? "";
  if (made === running) return;
  throw new Error(`${folder} was made by PostgreSQL ${made}, this is ${running}: move it away, or set DATABASE_URL`);
}
