import { mkdirSync, realpathSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { requireOwner } from "./account.js";
import type { ProcessSpec } from "./guarded-process.js";
import { clearLeftServer } from "./left-server.js";
import { serverPassword } from "./password.js";
import { ReadyProcess } from "./ready-process.js";
import { ensureRedisServer } from "./redis-command.js";
import type { ServerHandle, ServerOptions } from "./server-handle.js";

/** Reading back an append-only file of some hundred MB, ms. */
const READY_TIMEOUT_MS = 30_000;
/** SIGTERM only flushes the append-only file, ms. */
const STOP_TIMEOUT_MS = 10_000;
/** One answer on loopback, ms. */
const PING_TIMEOUT_MS = 1_000;

export interface RedisOptions extends ServerOptions {
  /** Whether data survives a restart (append-only file, flushed every second). Default: no. */
  persistent?: boolean;
}

/**
 * Starts `redis-server` on 127.0.0.1 with the data of `dataDir` and waits until it answers. A server that an earlier,
 * killed process left running on that data is stopped first.
 *
 * @throws Error when redis-server is not installed, or with the end of its log when it does not come up.
 */
export async function startRedis(options: RedisOptions): Promise<ServerHandle> {
  await ensureRedisServer();
  const folder = makeFolder(options.dataDir);
  const { password } = serverPassword(folder);
  const { port } = options;
  const spec = specOf(folder, password, options);
  const server = new ReadyProcess({
    ...spec,
    clear: () => clearLeftServer({ ...spec, home: folder, folder, pidFile: pidFile(folder) }),
    isReady: () => answersPing(port, password),
    readyTimeoutMs: READY_TIMEOUT_MS,
  });
  await server.start();
  const url = `redis://:${password}@127.0.0.1:${port}`;
  return Object.assign(server, { url, port, dataFolder: folder });
}

function makeFolder(dataDir: string): string {
  mkdirSync(dataDir, { recursive: true });
  const folder = realpathSync(dataDir);
  requireOwner(folder, undefined);
  return folder;
}

function specOf(folder: string, password: string, options: RedisOptions): ProcessSpec {
  const settings = {
    bind: "127.0.0.1",
    port: String(options.port),
    dir: `"${folder}"`,
    pidfile: `"${pidFile(folder)}"`,
    save: '""',
    appendonly: options.persistent ? "yes" : "no",
    ...options.settings,
    requirepass: password,
  };
  return {
    name: "Redis",
    command: "redis-server",
    args: ["-"],
    cwd: folder,
    // On standard input, because other accounts can read a command line and must not read the password.
    input: Object.entries(settings)
      .map(([name, value]) => `${name} ${value}\n`)
      .join(""),
    stopSignal: "SIGTERM",
    stopTimeoutMs: STOP_TIMEOUT_MS,
    orphanSignal: "TERM",
    recordFolder: folder,
    orphanFolder: options.temporary ? folder : undefined,
    onLine: options.onLog,
  };
}

function pidFile(folder: string): string {
  return join(folder, "redis.pid");
}

/** Whether the server has read its data: until then it answers `-LOADING`. */
function answersPing(port: number, password: string): Promise<boolean> {
  return new Promise((resolvePing) => {
    const socket = connect({ port, host: "127.0.0.1", timeout: PING_TIMEOUT_MS });
    const finish = (ready: boolean): void => {
      socket.destroy();
      resolvePing(ready);
    };
    socket.on("connect", () => socket.write(`AUTH ${password}\r\nPING\r\n`));
    let answer = "";
    socket.on("data", (bytes) => {
      answer += bytes.toString("latin1");
      if (answer.includes("+PONG") || answer.includes("-")) finish(answer.includes("+PONG"));
    });
    socket.on("error", () => finish(false));
    socket.on("timeout", () => finish(false));
    socket.on("close", () => finish(false));
  });
}
