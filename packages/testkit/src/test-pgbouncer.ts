import { execFileSync } from "node:child_process";
import { chownSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import { fileURLToPath } from "node:url";
import { freePort, ReadyProcess } from "@fx-ohlc/embedded";

/** pgbouncer in transaction mode. */
export interface TestPgbouncer extends ReadyProcess {
  /** The target's URL by way of it. */
  readonly url: string;
  /** It keeps prepared statements. */
  readonly keepsStatements: boolean;
  drop(): Promise<void>;
}

const READY_TIMEOUT_MS = 10_000;
/** Fewer server sessions than clients: each of these gets whichever is free. */
const SESSIONS_MAX = 3;
/** An account of every system: pgbouncer does not run as root. */
const ACCOUNT = "nobody";
const SHIPPED = fileURLToPath(new URL("../../../infra/pgbouncer/pgbouncer.ini", import.meta.url));

interface Options {
  readonly target: string;
  readonly port: number;
  /** The file of users and passwords. */
  readonly users: string;
  readonly ignored: readonly string[];
  readonly keepsStatements: boolean;
}

/**
 * Starts the machine's pgbouncer, with the file that is deployed, in front of a database. `PGBOUNCER` names another one.
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
  const users = join(folder, "userlist.txt");
  const keepsStatements = knowsStatements(command);
  const { username, password } = new URL(target);
  writeFileSync(users, `"${username}" "${decodeURIComponent(password)}"\n`);
  writeFileSync(config, configuration({ target, port, users, ignored, keepsStatements }));
  if (account !== undefined) for (const path of [folder, config, users]) chownSync(path, account.uid, account.gid);
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
  return Object.assign(bouncer, { url, keepsStatements, drop });
}

function program(): string | undefined {
  if (env.PGBOUNCER !== undefined) return env.PGBOUNCER;
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

/** `infra/pgbouncer/pgbouncer.ini` as it is deployed, but for where it is and who is let in. */
function configuration({ target, port, users, ignored, keepsStatements }: Options): string {
  const { hostname, port: targetPort, pathname } = new URL(target);
  const name = pathname.slice(1);
  const own = `listen_port = ${port}\nunix_socket_dir =\nignore_startup_parameters = ${ignored.join(", ")}`;
  return readFileSync(SHIPPED, "utf8")
    .replace(/^fx = .*$/m, `${name} = host=${hostname} port=${targetPort} dbname=${name}`)
    .replace("listen_addr = *", "listen_addr = 127.0.0.1")
    .replace(/^listen_port = .*$/m, own)
    .replace(/^auth_file = .*$/m, `auth_file = ${users}`)
    .replace(/^default_pool_size = .*$/m, `default_pool_size = ${SESSIONS_MAX}`)
    .replace(/^max_prepared_statements/m, keepsStatements ? "$&" : "; $&");
}

/** Since 1.21 a pooler may keep prepared statements; before, it refuses a file that asks for it. */
function knowsStatements(command: string): boolean {
  const [, major, minor] = /(\d+)\.(\d+)/.exec(execFileSync(command, ["--version"], { encoding: "utf8" })) ?? [];
  return Number(major) * 1000 + Number(minor) >= 1021;
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
