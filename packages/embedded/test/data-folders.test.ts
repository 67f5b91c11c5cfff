import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { isRoot } from "../src/account.js";
import { freePort, onSmallDisk, type ServerHandle, startPostgres, startRedis } from "../src/index.js";

const FAST = { fsync: "off" };
/** A cluster with its log of 16 MB, and room to work, KiB. */
const ENOUGH_KB = 300_000;

// Closed to everybody else: as root, PostgreSQL's account cannot enter, and the database is elsewhere.
const root = realpathSync(mkdtempSync(join(tmpdir(), "fx-data-folders-")));
const homes = new Set<string>();
let running: ServerHandle[] = [];

/** Starts a server, or tells why it cannot be started. */
async function start(name: string, said: string[] = []): Promise<ServerHandle> {
  const say = (line: string): void => void said.push(line);
  const server = await startPostgres({ dataDir: join(root, name), port: await freePort(), settings: FAST, say });
  running.push(server);
  homes.add(server.dataFolder);
  return server;
}

async function query(server: ServerHandle, text: string): Promise<postgres.Row[]> {
  const sql = postgres(server.url, { max: 1, onnotice: () => undefined });
  try {
    return await sql.unsafe(text);
  } finally {
    await sql.end({ timeout: 0 });
  }
}

/** A data folder whose database holds one row, not running. */
async function withOneRow(name: string): Promise<ServerHandle> {
  const server = await start(name);
  await query(server, "create table kept as select 1 as n");
  await server.stop();
  return server;
}

afterEach(async () => {
  await Promise.all(running.map((server) => server.stop()));
  running = [];
});

afterAll(() => {
  for (const folder of [...homes, root]) rmSync(folder, { recursive: true, force: true });
});

describe("the rows of a data folder", () => {
  it("are there after it was moved, wherever the database is", async () => {
    await withOneRow("a");
    renameSync(join(root, "a"), join(root, "moved"));
    expect(await query(await start("moved"), "select n from kept")).toEqual([{ n: 1 }]);
  });

  it("are its own in a copy, which is refused as long as it has none of its own", async () => {
    await withOneRow("original");
    cpSync(join(root, "original"), join(root, "copy"), { recursive: true });
    if (isRoot()) {
      await expect(start("copy")).rejects.toThrow(`${join(root, "copy")} is a copy of ${join(root, "original")}`);
      return;
    }
    const [original, copy] = [await start("original"), await start("copy")];
    await query(copy, "update kept set n = 2");
    expect(await query(original, "select n from kept")).toEqual([{ n: 1 }]);
  });

  it("do not come back by themselves after it was deleted, and as root are told of", async () => {
    const { dataFolder } = await withOneRow("deleted");
    rmSync(join(root, "deleted"), { recursive: true });
    const said: string[] = [];
    const server = await start("deleted", said);
    expect(await query(server, "select to_regclass('kept') as kept")).toEqual([{ kept: null }]);
    expect(said.join().includes(`an earlier database of this data folder is in ${dataFolder}`)).toBe(isRoot());
  });

  it("are there when the file of the password was lost, and so is the password", async () => {
    const { dataFolder } = await withOneRow("password");
    writeFileSync(join(dataFolder, "password"), "");
    expect(await query(await start("password"), "select n from kept")).toEqual([{ n: 1 }]);
  });
});

it(
  "a first start on a full disk says so, leaves nothing half made, and succeeds when there is room",
  () =>
    onSmallDisk(32, async (disk) => {
      const dataDir = join(disk.folder, "postgres");
      const redisDir = join(disk.folder, "redis");
      mkdirSync(redisDir);
      const port = await freePort();
      // What the first version left there.
      writeFileSync(join(redisDir, "password"), "");
      writeFileSync(join(disk.folder, "fill"), "x".repeat(4 * 1024));
      await expect(startPostgres({ dataDir, port })).rejects.toThrow("the disk is full");
      expect(existsSync(join(dataDir, "cluster"))).toBe(false);
      expect(readdirSync(dataDir).filter((name) => name.endsWith(".new"))).toEqual([]);
      disk.resize(ENOUGH_KB);
      const server = await startPostgres({ dataDir, port, settings: FAST });
      const redis = await startRedis({ dataDir: redisDir, port: await freePort() });
      running.push(server, redis);
      expect(await query(server, "select 1 as one")).toEqual([{ one: 1 }]);
      await Promise.all([server.stop(), redis.stop()]);
    }),
  60_000,
);

it(
  "a server that cannot start because the disk is full says so first",
  () =>
    onSmallDisk(ENOUGH_KB, async (disk) => {
      const options = { dataDir: join(disk.folder, "postgres"), port: await freePort(), settings: FAST };
      const server = await startPostgres(options);
      await server.stop();
      try {
        writeFileSync(join(disk.folder, "fill"), Buffer.alloc(ENOUGH_KB * 1024));
      } catch {
        // Full, as it should be.
      }
      await expect(server.start()).rejects.toThrow(/^PostgreSQL ended while starting \(the disk is full\)/);
      rmSync(join(disk.folder, "fill"));
      await server.start();
      expect(await query(server, "select 1 as one")).toEqual([{ one: 1 }]);
      await server.stop();
    }),
  60_000,
);
