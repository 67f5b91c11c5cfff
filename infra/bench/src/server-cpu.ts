import { readdirSync, readFileSync } from "node:fs";
import type { Sql } from "@fx-ohlc/database";
import { createClient } from "redis";
import { cpuSecondsOf } from "./load/server-metrics.js";

/** Linux counts CPU time in hundredths of a second. */
const TICKS_PER_SECOND = 100;

interface ProcessTimes {
  readonly parent: number;
  readonly ownSeconds: number;
  /** Of children that have ended. */
  readonly childrenSeconds: number;
}

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: fields are counted from the state, behind the name in brackets. */
function timesOf(pid: number): ProcessTimes | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    const seconds = (first: number) => (Number(fields[first]) + Number(fields[first + 1])) / TICKS_PER_SECOND;
    return { parent: Number(fields[1]), ownSeconds: seconds(11), childrenSeconds: seconds(13) };
  } catch {
    return undefined;
  }
}

/** What a PostgreSQL server's processes have used, those that have ended included; undefined where they cannot be seen. */
async function postgresSeconds(sql: Sql): Promise<number | undefined> {
  const [row] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
  const postmaster = timesOf(row?.pid ?? 0)?.parent;
  const ended = postmaster === undefined ? undefined : timesOf(postmaster);
  if (ended === undefined) return undefined;
  const pids = readdirSync("/proc").map(Number).filter(Number.isInteger);
  const children = pids.flatMap((pid) => timesOf(pid) ?? []).filter(({ parent }) => parent === postmaster);
  return children.reduce((sum, child) => sum + child.ownSeconds, ended.ownSeconds + ended.childrenSeconds);
}

async function redisSeconds(url: string): Promise<number> {
  const client = createClient({ url });
  client.on("error", () => undefined);
  await client.connect();
  try {
    const info = await client.info("cpu");
    const used = (name: string) => Number(new RegExp(`${name}:([\\d.]+)`).exec(info)?.[1]);
    return used("used_cpu_sys") + used("used_cpu_user");
  } finally {
    client.destroy();
  }
}

/** CPU time that the servers behind one service have used so far, seconds. */
export interface ServerCpu {
  readonly service: number;
  readonly postgres: number;
  readonly redis: number;
}

/** @returns undefined where PostgreSQL's processes cannot be seen: on another machine, or not on Linux */
export async function serverCpuSeconds(servers: {
  readonly sql: Sql;
  readonly redisUrl: string;
  readonly serviceUrl: string;
}): Promise<ServerCpu | undefined> {
  const postgres = await postgresSeconds(servers.sql);
  if (postgres === undefined) return undefined;
  const redis = await redisSeconds(servers.redisUrl);
  return { service: await cpuSecondsOf(`${servers.serviceUrl}/metrics`), postgres, redis };
}
