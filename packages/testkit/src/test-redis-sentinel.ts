import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { eventually, freePort, GuardedProcess } from "@fx-ohlc/embedded";
import { type TestRedis, testRedis } from "./test-redis.js";

const run = promisify(execFile);

/** What the sentinels call the master. */
const MASTER = "fx";
const SENTINELS = 3;
/** How many of them have to agree that it is gone. */
const QUORUM = 2;
/** How long the master may be silent before it is failed over, ms: on a busy machine one that is well is silent for seconds. */
const DOWN_AFTER_MS = 5_000;
const STOP_TIMEOUT_MS = 5_000;

/** A Redis server with a replica, and sentinels that watch them, of one test file. */
export interface TestRedisSentinel {
  /** Of the sentinels, as `REDIS_URL` names them. */
  readonly url: string;
  /** The first master, then its replica. */
  readonly nodes: readonly TestRedis[];
  /** The port of the server that is the master now, as the sentinels say. */
  masterPort(): Promise<number>;
  drop(): Promise<void>;
}

/** Starts a master, a replica and three sentinels, and waits until the sentinels could fail over. Drop it in `afterAll`. */
export async function testRedisSentinel(): Promise<TestRedisSentinel> {
  const nodes = await Promise.all([testRedis(), testRedis()]);
  const [master, replica] = nodes;
  const { password } = new URL(master.url);
  for (const node of nodes) await command(node.port, node.url, "CONFIG", "SET", "masterauth", password);
  await command(replica.port, replica.url, "CONFIG", "SET", "requirepass", password);
  Object.assign(replica, { url: `redis://:${password}@127.0.0.1:${replica.port}` });
  await command(replica.port, replica.url, "REPLICAOF", "127.0.0.1", String(master.port));
  const folder = mkdtempSync(join(tmpdir(), "fx-test-sentinel-"));
  const sentinels = await Promise.all(
    Array.from({ length: SENTINELS }, (_, at) => startSentinel(join(folder, `${at}.conf`), master.port, password)),
  );
  const ports = sentinels.map(({ port }) => port);
  await eventually(() => isWatched(ports), { timeoutMs: 30_000, what: "the sentinels to know each other" });
  return {
    url: `redis+sentinel://:${password}@${ports.map((port) => `127.0.0.1:${port}`).join(",")}/${MASTER}`,
    nodes,
    masterPort: async () => {
      const [, port] = (await sentinel(ports[0] ?? 0, "GET-MASTER-ADDR-BY-NAME", MASTER)).split("\n");
      return Number(port);
    },
    drop: async () => {
      await Promise.all(sentinels.map(({ server }) => server.stop()));
      await Promise.all(nodes.map((node) => node.drop()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A sentinel keeps what it knows in its own configuration file. */
async function startSentinel(file: string, masterPort: number, password: string) {
  const port = await freePort();
  const lines = [
    `port ${port}`,
    "bind 127.0.0.1",
    `sentinel monitor ${MASTER} 127.0.0.1 ${masterPort} ${QUORUM}`,
    `sentinel auth-pass ${MASTER} ${password}`,
    `sentinel down-after-milliseconds ${MASTER} ${DOWN_AFTER_MS}`,
    `sentinel failover-timeout ${MASTER} ${4 * DOWN_AFTER_MS}`,
  ];
  writeFileSync(file, `${lines.join("\n")}\n`, { mode: 0o600 });
  const server = new GuardedProcess({
    name: "Redis Sentinel",
    command: "redis-server",
    args: [file, "--sentinel"],
    stopSignal: "SIGTERM",
    stopTimeoutMs: STOP_TIMEOUT_MS,
    orphanSignal: "TERM",
  });
  await server.start();
  return { server, port };
}

async function isWatched(ports: readonly number[]): Promise<boolean> {
  const answers = await Promise.all(ports.map((port) => sentinel(port, "MASTER", MASTER).catch(() => "")));
  return answers.every((answer) => {
    const words = answer.split("\n");
    const fieldOf = (name: string) => words[words.indexOf(name) + 1];
    return fieldOf("num-slaves") === "1" && fieldOf("num-other-sentinels") === String(SENTINELS - 1);
  });
}

function sentinel(port: number, ...words: readonly string[]): Promise<string> {
  return command(port, undefined, "SENTINEL", ...words);
}

async function command(port: number, url: string | undefined, ...words: readonly string[]): Promise<string> {
  const env = url === undefined ? process.env : { ...process.env, REDISCLI_AUTH: new URL(url).password };
  const { stdout } = await run("redis-cli", ["-e", "-p", String(port), ...words], { env, timeout: 5_000 });
  return stdout.trim();
}
