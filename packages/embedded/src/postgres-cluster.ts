import { execFile } from "node:child_process";
import { chownSync, existsSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { isNativeError } from "node:util/types";
import { type Account, requireOwner } from "./account.js";
import { clusterIn, databaseHome, type HomeOptions } from "./database-home.js";
import { diskProblemIn } from "./file-problem.js";
import { serverPassword } from "./password.js";
import { postgresInstallation } from "./server-folders.js";

const run = promisify(execFile);

/** Ten times what initdb takes on two busy cores, ms. */
const TOOL_TIMEOUT_MS = 60_000;

/** A PostgreSQL cluster on disk and what runs it. */
export interface Cluster {
  account: Account | undefined;
  /** The folder of everything that is kept of it. */
  home: string;
  /** The folder PostgreSQL calls PGDATA. */
  folder: string;
  /** The server's program. */
  server: string;
  password: string;
}

/** Nothing of the caller's environment (PGDATA, LC_ALL, …) may change what the server does. */
export const SERVER_ENV: NodeJS.ProcessEnv = { LC_ALL: "C", TZ: "UTC" };

/**
 * Finds the cluster of a data folder, or makes a new one.
 *
 * @param durable whether a new cluster is flushed to disk before it is used
 * @throws Error when PostgreSQL is not there for this platform, or the cluster is of another major version, another user, or
 *   another data folder
 */
export async function openCluster(options: HomeOptions, durable: boolean): Promise<Cluster> {
  const { account } = options;
  const programs = join(postgresInstallation(account), "bin");
  const home = databaseHome(options);
  const folder = clusterIn(home);
  const isThere = existsSync(folder);
  if (isThere) requireOwner(folder, account);
  if (account) chownSync(home, account.uid, account.gid);
  const { password, file, isNew } = serverPassword(home, account);
  const cluster = { account, home, folder, server: join(programs, "postgres"), password };
  if (!isThere) await makeCluster(cluster, join(programs, "initdb"), file, durable);
  await requireSameVersion(folder, cluster.server);
  if (isThere && isNew) await setPassword(cluster);
  return cluster;
}

/** Made under another name first, so that a start killed half-way leaves nothing that looks like a cluster. */
async function makeCluster(cluster: Cluster, initdb: string, passwordFile: string, durable: boolean): Promise<void> {
  const unfinished = `${cluster.folder}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  const identity = ["--username=postgres", `--pwfile=${passwordFile}`, "--auth=scram-sha-256"];
  const args = [
    `--pgdata=${unfinished}`,
    ...identity,
    "--encoding=UTF8",
    "--locale=C",
    ...(durable ? [] : ["--no-sync"]),
  ];
  try {
    await runAs(cluster.account, initdb, args);
  } catch (cause) {
    // On a full disk, what half of a cluster takes is the first thing to give back.
    rmSync(unfinished, { recursive: true, force: true });
    const problem = isNativeError(cause) ? diskProblemIn(cause.message) : undefined;
    if (problem === undefined) throw cause;
    throw new Error(`a new database cannot be made in ${cluster.home}: ${problem}`, { cause });
  }
  renameSync(unfinished, cluster.folder);
}

/** Sets the password anew whose file was lost: the single-user mode asks for none. */
async function setPassword({ account, server, folder, password }: Cluster): Promise<void> {
  const running = runAs(account, server, ["--single", "-D", folder, "postgres"]);
  running.child.stdin?.on("error", () => undefined).end(`alter role postgres password '${password}'\n`);
  await running;
}

function runAs(account: Account | undefined, program: string, args: readonly string[]) {
  return run(program, args, {
    env: SERVER_ENV,
    cwd: "/",
    timeout: TOOL_TIMEOUT_MS,
    ...(account && { uid: account.uid, gid: account.gid }),
  });
}

async function requireSameVersion(folder: string, server: string): Promise<void> {
  const made = readFileSync(join(folder, "PG_VERSION"), "utf8").trim();
  const { stdout } = await run(server, ["--version"], { env: SERVER_ENV });
  const running = /\d+/.exec(stdout)?.[0] ?? "";
  if (made === running) return;
  throw new Error(`${folder} was made by PostgreSQL ${made}, this is ${running}: move it away, or set DATABASE_URL`);
}
