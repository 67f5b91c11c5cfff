import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kill } from "node:process";
import postgres from "postgres";
import { createClient } from "redis";
import { eventually, freePort, type ServerHandle, startPostgres, startRedis } from "../src/index.js";
import { commandLine, isAlive, processTree } from "../src/process-tree.js";

const FAST = { fsync: "off" };
const folders: string[] = [];
const servers: ServerHandle[] = [];

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "fx-embedded-"));
  folders.push(folder);
  return folder;
}

function started(server: ServerHandle): ServerHandle {
  servers.push(server);
  return server;
}

async function query(url: string, text: string, timeoutMs = 5_000): Promise<postgres.Row[]> {
  const sql = postgres(url, { max: 1, connect_timeout: timeoutMs / 1000, onnotice: () => undefined });
  try {
    return await sql.unsafe(text);
  } finally {
    await sql.end({ timeout: 0 });
  }
}

afterAll(async () => {
  await Promise.all(servers.map((server) => server.kill9()));
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

describe("PostgreSQL", () => {
  const dataDir = temporaryFolder();
  let server: ServerHandle;

  beforeAll(async () => {
    server = started(await startPostgres({ dataDir, port: await freePort(), settings: FAST }));
    await query(server.url, "create table kept (n int)");
    await query(server.url, "insert into kept values (1)");
  });

  it("answers on 127.0.0.1 with its password, and refuses a wrong one", async () => {
    expect(await query(server.url, "select n from kept")).toEqual([{ n: 1 }]);
    const wrong = new URL(server.url);
    wrong.password = "wrong";
    await expect(query(wrong.href, "select 1")).rejects.toMatchObject({ code: "28P01" });
  });

  it("keeps its data over a stop, and leaves no process", async () => {
    const tree = processTree(server.pid ?? 0);
    await server.stop();
    expect(server.pid).toBeUndefined();
    expect(tree.length).toBeGreaterThan(3);
    await eventually(() => !tree.some(isAlive), { what: "PostgreSQL's processes to end" });
    await server.start();
    expect(await query(server.url, "select n from kept")).toEqual([{ n: 1 }]);
  });

  it("recovers from kill -9 of all its processes, with what was committed", async () => {
    await query(server.url, "insert into kept values (2)");
    await server.kill9();
    await server.start();
    expect(await query(server.url, "select n from kept order by n")).toEqual([{ n: 1 }, { n: 2 }]);
  });

  it("answers nothing while frozen, and goes on when thawed", async () => {
    server.freeze();
    await expect(query(server.url, "select 1", 500)).rejects.toMatchObject({ code: "CONNECT_TIMEOUT" });
    server.thaw();
    expect(await query(server.url, "select 1 as one")).toEqual([{ one: 1 }]);
  });

  it("reports a death that nobody asked for", async () => {
    const death = new Promise<string>((resolve) => server.onDeath(resolve));
    kill(server.pid ?? 0, "SIGKILL");
    expect(await death).toBe("SIGKILL");
    await server.start();
    expect(await query(server.url, "select count(*)::int as n from kept")).toEqual([{ n: 2 }]);
  });

  it("says why it does not start, with its log", async () => {
    const port = await freePort();
    const options = { dataDir: temporaryFolder(), port, settings: { ...FAST, no_such_setting: "1" } };
    await expect(startPostgres(options)).rejects.toThrow(/PostgreSQL ended while starting.*no_such_setting/s);
  });
});

describe("Redis", () => {
  it("keeps its data over kill -9 when persistent, with a password", async () => {
    const options = { dataDir: temporaryFolder(), port: await freePort(), settings: { appendfsync: "always" } };
    const server = started(await startRedis({ ...options, persistent: true }));
    const client = createClient({ url: server.url });
    client.on("error", () => undefined);
    await client.connect();
    await client.set("kept", "1");
    await server.kill9();
    await server.start();
    expect(await eventually(() => client.get("kept"))).toBe("1");
    client.destroy();
    const stranger = createClient({ url: `redis://127.0.0.1:${server.port}` });
    await expect(stranger.connect().then(() => stranger.get("kept"))).rejects.toThrow("NOAUTH");
    stranger.destroy();
    await server.stop();
    expect(server.pid).toBeUndefined();
  });
});

describe("after kill -9 of the process that started the servers", () => {
  const dataDir = temporaryFolder();

  /** Starts both servers from a process of its own, kills that, and gives back the servers' process ids. */
  async function abandon(withGuardians: boolean): Promise<number[]> {
    const file = join(dataDir, "pids");
    rmSync(file, { force: true });
    const script = join(dataDir, "parent.mjs");
    writeFileSync(script, parentScript(file, await freePort(), await freePort()));
    const parent = spawn("node", [script], { stdio: "inherit" });
    const pids = await eventually(() => JSON.parse(readFileSync(file, "utf8")) as number[]);
    const parentPid = parent.pid ?? 0;
    // Guardians first: each would end its server as soon as the parent is gone.
    const guardians = processTree(parentPid).filter((pid) => commandLine(pid).includes("guardian.sh"));
    for (const pid of withGuardians ? [] : guardians) kill(pid, "SIGKILL");
    kill(parentPid, "SIGKILL");
    return pids;
  }

  // A process of its own runs the build, not the sources: turbo builds before it tests.
  function parentScript(file: string, postgresPort: number, redisPort: number): string {
    const embedded = new URL("../dist/index.js", import.meta.url).href;
    return `
      import { writeFileSync, renameSync } from "node:fs";
      import { startPostgres, startRedis } from ${JSON.stringify(embedded)};
      const postgres = await startPostgres({ dataDir: ${JSON.stringify(join(dataDir, "postgres"))}, port: ${postgresPort}, settings: { fsync: "off" } });
      const redis = await startRedis({ dataDir: ${JSON.stringify(join(dataDir, "redis"))}, port: ${redisPort} });
      writeFileSync(${JSON.stringify(file)} + ".new", JSON.stringify([postgres.pid, redis.pid]));
      renameSync(${JSON.stringify(file)} + ".new", ${JSON.stringify(file)});
      setInterval(() => {}, 1000);`;
  }

  it("the servers end by themselves", async () => {
    const pids = await abandon(true);
    await eventually(() => !pids.some(isAlive), { what: "the guardians to end the servers" });
  });

  it("the next start ends servers whose guardians were killed too, and runs on their data", async () => {
    const pids = await abandon(false);
    expect(pids.every(isAlive)).toBe(true);
    const db = started(
      await startPostgres({ dataDir: join(dataDir, "postgres"), port: await freePort(), settings: FAST }),
    );
    // As root it is not in the folder of the test.
    folders.push(db.dataFolder);
    const redis = started(await startRedis({ dataDir: join(dataDir, "redis"), port: await freePort() }));
    expect(pids.some(isAlive)).toBe(false);
    expect(await query(db.url, "select 1 as one")).toEqual([{ one: 1 }]);
    expect(redis.pid).toBeGreaterThan(0);
  });
});
