import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { eventually } from "@fx-ohlc/embedded";
import { type TestRedis, testRedis } from "./test-redis.js";

const run = promisify(execFile);

/** Three masters, each with a replica: the smallest cluster that can lose one. */
const MASTERS = 3;
const SLOTS = 16_384;
/**
 * How long a node may be silent before it is failed over, ms. The others need as long again to agree. On a busy machine a node
 * that is well was seen to be silent for 2 s.
 */
const NODE_TIMEOUT_MS = 5_000;

/** A Redis Cluster that belongs to one test file. */
export interface TestRedisCluster {
  /** Any node's URL. */
  readonly url: string;
  /** Masters first, then their replicas in the same order. */
  readonly nodes: readonly TestRedis[];
  /** Runs a command on one node, as redis-cli prints its answer. */
  command(node: TestRedis, ...words: readonly string[]): Promise<string>;
  /** The port of the node that holds a key. */
  portOf(key: string): Promise<number>;
  drop(): Promise<void>;
}

/** Starts a cluster of three masters and three replicas, and waits until it takes commands. Drop it in `afterAll`. */
export async function testRedisCluster(): Promise<TestRedisCluster> {
  const settings = { "cluster-enabled": "yes", "cluster-node-timeout": String(NODE_TIMEOUT_MS) };
  const nodes = await Promise.all(Array.from({ length: MASTERS * 2 }, () => testRedis({ settings })));
  await haveOnePassword(nodes);
  const [first] = nodes;
  if (first === undefined) throw new Error("no node");
  await Promise.all(nodes.map((node) => command(node, "CLUSTER", "MEET", "127.0.0.1", String(first.port))));
  await Promise.all(nodes.slice(0, MASTERS).map(giveSlots));
  await eventually(() => everyKnowsAll(nodes), { what: "the nodes to meet" });
  const ids = await Promise.all(nodes.slice(0, MASTERS).map((node) => command(node, "CLUSTER", "MYID")));
  await Promise.all(nodes.slice(MASTERS).map((node, at) => command(node, "CLUSTER", "REPLICATE", ids[at] ?? "")));
  await eventually(() => isWhole(nodes), { timeoutMs: 30_000, what: "the cluster to be whole" });
  return {
    url: first.url,
    nodes,
    command,
    portOf: async (key) => ownerOf(await liveNode(nodes), Number(await command(first, "CLUSTER", "KEYSLOT", key))),
    drop: async () => void (await Promise.all(nodes.map((node) => node.drop()))),
  };
}

/** Each node was made with a password of its own; one of a cluster is spoken to with the same everywhere. */
async function haveOnePassword(nodes: readonly TestRedis[]): Promise<void> {
  const password = new URL(nodes[0]?.url ?? "").password;
  for (const node of nodes) {
    await command(node, "CONFIG", "SET", "requirepass", password, "masterauth", password);
    Object.assign(node, { url: `redis://:${password}@127.0.0.1:${node.port}` });
  }
}

async function giveSlots(node: TestRedis, at: number): Promise<void> {
  const from = Math.ceil((SLOTS / MASTERS) * at);
  const to = Math.ceil((SLOTS / MASTERS) * (at + 1)) - 1;
  await command(node, "CLUSTER", "ADDSLOTSRANGE", String(from), String(to));
}

async function everyKnowsAll(nodes: readonly TestRedis[]): Promise<boolean> {
  const infos = await Promise.all(nodes.map((node) => command(node, "CLUSTER", "INFO")));
  return infos.every(
    (info) => info.includes(`cluster_known_nodes:${nodes.length}`) && info.includes("cluster_state:ok"),
  );
}

async function isWhole(nodes: readonly TestRedis[]): Promise<boolean> {
  const replicas = await Promise.all(nodes.slice(MASTERS).map((node) => command(node, "INFO", "replication")));
  return (await everyKnowsAll(nodes)) && replicas.every((info) => info.includes("master_link_status:up"));
}

async function liveNode(nodes: readonly TestRedis[]): Promise<TestRedis> {
  for (const node of nodes) {
    const answer = await command(node, "PING").catch(() => "");
    if (answer === "PONG") return node;
  }
  throw new Error("no node of the cluster answers");
}

async function ownerOf(node: TestRedis, slot: number): Promise<number> {
  const lines = (await command(node, "CLUSTER", "NODES")).split("\n").filter((line) => /master/.test(line));
  const owner = lines.find((line) => !line.includes("fail") && holds(line, slot));
  return Number(/:(\d+)@/.exec(owner ?? "")?.[1]);
}

/** A line of `CLUSTER NODES` ends with the ranges the node holds. */
function holds(line: string, slot: number): boolean {
  return line
    .split(" ")
    .slice(8)
    .some((range) => {
      const [from = "", to = from] = range.split("-");
      return Number(from) <= slot && slot <= Number(to);
    });
}

async function command(node: TestRedis, ...words: readonly string[]): Promise<string> {
  const url = new URL(node.url);
  const env = { ...process.env, REDISCLI_AUTH: url.password };
  const { stdout } = await run("redis-cli", ["-e", "-p", url.port, ...words], { env, timeout: 5_000 });
  return stdout.trim();
}
