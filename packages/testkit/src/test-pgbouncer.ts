import { execFileSync } from "node:child_process";
import { chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import { freePort, ReadyProcess } from "@fx-ohlc/embedded";

/** pgbouncer in transaction mode. */
export interface TestPgbouncer extends ReadyProcess {
  /** The target's URL by way of it. */
  readonly url: string;
  drop(): Promise<void>;
}

const READY_TIMEOUT_MS = 10_000;
/** Fewer server sessions than clients: each of these gets whichever is free. */
const SESSIONS_MAX = 3;
/** An account of every system: pgbouncer does not run as root. */
const ACCOUNT = "nobody";

/**
 * Starts the machine's pgbouncer in front of a database.
 *
 * @param ignored start-up parameters that it takes and does not pass on; it refuses all others
 * @returns undefined, with a printed reason, where there is no such program
 */
export async function testPgbouncer(
  target: string,
  ignored: readonly string[] = [],
): Promise<TestPgbouncer | undefined> {
  const command = program();
  if (command === undefined) {
    process.stdout.write("not tested: a pooler, because there is no pgbouncer on this machine\n");
    return undefined;
  }
  const port = await freePort();
  const account = accountOf();
  const folder = mkdtempSync(join(tmpdir(), "fx-test-pgbouncer-"));
  const config = join(folder, "pgbouncer.ini");
  writeFileSync(config, configuration(new URL(target), port, ignored));
  if (account !== undefined) for (const path of [folder, config]) chownSync(path, account.uid, account.gid);
  const bouncer = new ReadyProcess({
    ...{ name: "pgbouncer", command, args: [config], env: { ...env }, account },
    ...{ stopSignal: "SIGINT", stopTimeoutMs: READY_TIMEOUT_MS, orphanSignal: "TERM", orphanFolder: folder },
    isReady: () => accepts(port),
    readyTimeoutMs: READY_TIMEOUT_MS,
  });
  await bouncer.start();
  const url = Object.assign(new URL(target), { hostname: "127.0.0.1", port: String(port) }).href;
  const drop = async (): Promise<void> => {
    await bouncer.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return Object.assign(bouncer, { url, drop });
}

function program(): string | undefined {
  try {
    // Debian keeps it where only root looks.
    const path = `${env.PATH ?? ""}:/usr/sbin`;
    return execFileSync("sh", ["-c", "command -v pgbouncer"], { encoding: "utf8", env: { PATH: path } }).trim();
  } catch {
    return undefined;
  }
}

function accountOf() {
  if (userInfo().uid !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync("id", [flag, ACCOUNT], { encoding: "utf8" }));
  return { name: ACCOUNT, uid: id("-u"), gid: id("-g") };
}

function configuration(
  { hostname, port, username, password }: URL,
  ownPort: number,
  ignored: readonly string[],
): string {
  const secret = password === "" ? "" : ` password=${decodeURIComponent(password)}`;
  return `[databases]
* = host=${hostname} port=${port} user=${username}${secret}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${ownPort}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = ${SESSIONS_MAX}
ignore_startup_parameters = ${["extra_float_digits", ...ignored].join(", ")}
`;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
