import { resolve } from "node:path";
import { postgresAccount } from "./account.js";
import type { ProcessSpec } from "./guarded-process.js";
import { clearLeftServer } from "./left-server.js";
import { type Cluster, openCluster, SERVER_ENV } from "./postgres-cluster.js";
import { postmasterFile, readPostmaster } from "./postmaster-file.js";
import { ReadyProcess } from "./ready-process.js";
import type { ServerHandle, ServerOptions } from "./server-handle.js";

/** Crash recovery of a local week's data takes 1 to 3 s; this leaves room for a slow disk, ms. */
const READY_TIMEOUT_MS = 60_000;
/** A fast shutdown writes a checkpoint, ms. */
const STOP_TIMEOUT_MS = 20_000;
/** How long one that was left by a killed run may take, ms; its last checkpoint is the long part. */
const ORPHAN_STOP_TIMEOUT_MS = 10_000;

const DEFAULT_SETTINGS = {
  listen_addresses: "127.0.0.1",
  unix_socket_directories: "",
  timezone: "UTC",
  log_timezone: "UTC",
  // No standby will ever follow, so the log need not carry what one would need.
  wal_level: "minimal",
  max_wal_senders: "0",
};

/** Of its settings, `fsync=off` also makes a new cluster without flushing it to disk. */
export interface PostgresOptions extends ServerOptions {
  /** Told in one line what the user should know of where the data is. */
  say?: (line: string) => void;
}

/**
 * Starts PostgreSQL on 127.0.0.1 with the data of `dataDir` and waits until it accepts connections. A server that an
 * earlier, killed process left running on that data is stopped first.
 *
 * @throws Error with the end of the server's log when it does not come up.
 */
export async function startPostgres(options: PostgresOptions): Promise<ServerHandle> {
  const durable = options.settings?.fsync !== "off";
  const { dataDir, say } = options;
  const cluster = await openCluster(
    { dataDir: resolve(dataDir), account: postgresAccount(), ...(say && { say }) },
    durable,
  );
  const url = `postgres://postgres:${cluster.password}@127.0.0.1:${options.port}/postgres`;
  const spec = specOf(cluster, options);
  const { home, folder } = cluster;
  const left = { ...spec, home, folder, pidFile: postmasterFile(folder), stopTimeoutMs: ORPHAN_STOP_TIMEOUT_MS };
  const server = new ReadyProcess({
    ...spec,
    clear: () => clearLeftServer(left),
    isReady: ({ pid }) => isReady(cluster, pid),
    readyTimeoutMs: READY_TIMEOUT_MS,
  });
  await server.start();
  return Object.assign(server, { url, port: options.port, dataFolder: cluster.home });
}

function specOf(cluster: Cluster, { port, settings, onLog, temporary }: PostgresOptions): ProcessSpec {
  const parameters = Object.entries({ ...DEFAULT_SETTINGS, port: String(port), ...settings });
  return {
    name: "PostgreSQL",
    command: cluster.server,
    args: ["-D", cluster.folder, ...parameters.flatMap(([name, value]) => ["-c", `${name}=${value}`])],
    env: SERVER_ENV,
    cwd: cluster.folder,
    account: cluster.account,
    // Its "fast" shutdown: sessions are ended, nothing is lost, no recovery at the next start.
    stopSignal: "SIGINT",
    stopTimeoutMs: STOP_TIMEOUT_MS,
    // SIGQUIT is its "immediate" one, which also kills children that are frozen; the log replays at the next start.
    orphanSignal: "QUIT",
    recordFolder: cluster.home,
    orphanFolder: temporary ? cluster.home : undefined,
    onLine: onLog,
  };
}

function isReady(cluster: Cluster, pid: number | undefined): boolean {
  const postmaster = readPostmaster(cluster.folder);
  return postmaster !== undefined && postmaster.pid === pid && postmaster.status === "ready";
}
