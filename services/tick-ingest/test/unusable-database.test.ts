import { execFileSync } from "node:child_process";
import { appendFileSync, chownSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { migrate } from "@fx-ohlc/database";
import {
  eventually,
  type TestPostgres,
  type TestRedis,
  testPostgres,
  testPrimary,
  testRedis,
  testStandby,
  watchEventLoop,
} from "@fx-ohlc/testkit";
import { aside, migrated, type Said, type Served, serve, TICK } from "./own-server.js";

let redis: TestRedis;
/** What a test started, to be stopped however it ends. */
const closers: (() => unknown)[] = [];
beforeAll(async () => {
  redis = await testRedis();
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
afterAll(() => redis.drop());

async function onOwnServer(): Promise<{ server: TestPostgres; service: Served }> {
  const server = await testPostgres();
  closers.push(() => server.drop());
  return { server: await migrated(server), service: await serving(server.url) };
}

async function serving(url: string): Promise<Served> {
  const service = await serve({ DATABASE_URL: url }, redis);
  closers.push(() => service.stop());
  return service;
}

/** The service runs in this process. */
const heldUpMs = watchEventLoop();

function expectRefusal(answer: Said, words: string): void {
  expect(answer.body).toMatchObject({ status: 503, detail: expect.stringContaining(words) });
  expect(answer.retryAfterS).toBeGreaterThan(0);
  expect(answer.ms).toBeLessThan(2000 + heldUpMs());
}

/** Every way in which the service says so. */
async function expectUnusable(service: Served, words: string): Promise<void> {
  await eventually(async () => String((await service.get("/health")).body.problems).includes(words), {
    what: `health to say that ${words}`,
  });
  await service.ready(false);
  expectRefusal(await service.post(), words);
  expect((await service.get("/health")).body).toMatchObject({
    ...{ status: "unhealthy", database: "disconnected" },
    problems: [expect.stringContaining(words)],
  });
  expect((await service.get("/live")).status).toBe(200);
  // Whoever waits until nothing waits to be refreshed is not told so by one who cannot know.
  expect(await (await fetch(`${service.url}/metrics`)).text()).toMatch(/^bar_refresh_backlog_windows nan$/im);
}

async function expectUsable(service: Served): Promise<void> {
  await service.ready(true);
  expect((await service.post()).status).toBe(201);
  expect((await service.get("/health")).body).toMatchObject({ status: "healthy" });
}

const everywhere = (value: "on" | "off") => (url: string) =>
  aside(url, async (sql) => {
    await sql.unsafe(`alter system set default_transaction_read_only = ${value}`);
    await sql`select pg_reload_conf()`;
  });

test("a server that became read-only is told, and written to again without a restart", async () => {
  const { server, service } = await onOwnServer();
  await expectUsable(service);
  await everywhere("on")(server.url);
  await expectUnusable(service, "the database is read-only");
  await aside(server.url, async (sql) => {
    await sql`set default_transaction_read_only = off`;
    await sql`alter system reset default_transaction_read_only`;
    await sql`select pg_reload_conf()`;
  });
  await expectUsable(service);
});

test("a database whose new sessions only read is told by the first write, and written to again", async () => {
  const { server, service } = await onOwnServer();
  await expectUsable(service);
  await aside(server.url, async (sql) => {
    await sql`alter database postgres set default_transaction_read_only = on`;
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tick-ingest'`;
  });
  await eventually(async () => (await service.post()).status === 503);
  await expectUnusable(service, "the database is read-only");
  await aside(server.url, async (sql) => {
    await sql`set default_transaction_read_only = off`;
    await sql`alter database postgres reset default_transaction_read_only`;
  });
  await expectUsable(service);
});

test("commits that wait for a synchronous standby are answered 503, and go on when nobody waits for it any more", async () => {
  const primary = await testPrimary();
  closers.push(() => primary.drop());
  const { url } = await migrated(primary);
  const service = await serving(url);
  await expectUsable(service);
  const standbys = (names: string) =>
    aside(url, async (sql) => {
      await sql`set synchronous_commit = local`;
      await sql.unsafe(`alter system set synchronous_standby_names = '${names}'`);
      await sql`select pg_reload_conf()`;
    });
  await standbys("nobody");
  await eventually(async () => (await service.post()).status === 503, { what: "the first 503" });
  await expectUnusable(service, "commits wait for a synchronous standby");
  await standbys("");
  await expectUsable(service);
});

test("a standby is not written to, and taken as soon as it is promoted", async () => {
  const primary = await testPrimary();
  closers.push(() => primary.drop());
  await migrated(primary);
  const standby = await testStandby(primary);
  closers.push(() => standby.drop());
  const service = await serving(standby.url);
  await expectUnusable(service, "the database is a standby");
  await aside(standby.url, (sql) => sql`select pg_promote()`);
  await expectUsable(service);
});

test("a primary that came back as a standby is told", async () => {
  const { server, service } = await onOwnServer();
  await expectUsable(service);
  await server.stop();
  writeFileSync(join(server.dataFolder, "cluster", "standby.signal"), "");
  // A standby needs a log that says enough, and a primary that need not be there.
  appendFileSync(
    join(server.dataFolder, "cluster", "postgresql.auto.conf"),
    "primary_conninfo = 'host=127.0.0.1 port=1'\n",
  );
  await server.start().catch(() => undefined);
  const health = await eventually(async () => {
    const { body } = await service.get("/health");
    return Array.isArray(body.problems) ? body : undefined;
  });
  expect(String(health.problems)).toMatch(/standby|starting up|cannot be reached/);
  expect((await service.post()).status).toBe(503);
});

test("a server that is starting up is told", async () => {
  const primary = await testPrimary();
  closers.push(() => primary.drop());
  await migrated(primary);
  const standby = await testStandby(primary);
  closers.push(() => standby.drop());
  const service = await serving(standby.url);
  await standby.stop();
  // As long as it recovers it takes no connection, and it recovers for ever.
  appendFileSync(join(standby.dataFolder, "cluster", "postgresql.auto.conf"), "hot_standby = off\n");
  const starting = standby.start().catch(() => undefined);
  await expectUnusable(service, "the database is starting up");
  await standby.stop();
  await starting;
});

/** Fills a file system to its last byte. */
function fill(file: string): void {
  const block = Buffer.alloc(4096);
  try {
    for (;;) writeFileSync(file, block, { flag: "a" });
  } catch (error) {
    expect(error).toMatchObject({ code: "ENOSPC" });
  }
}

/** A small file system of its own; undefined with a printed reason where this account may not make one. */
function smallDisk(owner: { readonly uid: number; readonly gid: number }): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "fx-test-disk-"));
  closers.push(() => rmSync(folder, { recursive: true, force: true }));
  try {
    if (userInfo().uid !== 0) throw new Error("not root");
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=24m,mode=755", "tmpfs", folder], { stdio: "pipe" });
  } catch (error) {
    process.stdout.write(`not tested: a full disk, because no file system can be mounted here (${error})\n`);
    return undefined;
  }
  closers.push(() => execFileSync("umount", ["-l", folder]));
  chownSync(folder, owner.uid, owner.gid);
  return folder;
}

test("a full disk is told as that, and written to again once there is room", async () => {
  const server = await testPostgres();
  closers.push(() => server.drop());
  const disk = smallDisk(statSync(join(server.dataFolder, "cluster")));
  if (disk === undefined) return;
  const url = Object.assign(new URL(server.url), { pathname: "/small" }).href;
  await aside(server.url, async (sql) => {
    await sql.unsafe(`create tablespace small location '${disk}'`);
    await sql`create database small tablespace small`;
  });
  await migrate({ url, engine: "postgres" });
  const service = await serving(url);
  await expectUsable(service);
  fill(join(disk, "filler"));
  const many = Array.from({ length: 5000 }, (_, i) => ({ ...TICK, price: 1 + i / 1e4, time: 1_700_000_000 + i }));
  const bulk = async () => {
    const startedMs = performance.now();
    const body = JSON.stringify(many.map((tick) => ({ ...tick, time: new Date(tick.time * 1000).toISOString() })));
    const headers = { "content-type": "application/json" };
    const answer = await fetch(`${service.url}/ticks/bulk`, { method: "POST", headers, body });
    const retryAfterS = Number(answer.headers.get("retry-after"));
    const said = (await answer.json()) as Record<string, unknown>;
    return { status: answer.status, body: said, retryAfterS, ms: performance.now() - startedMs };
  };
  expectRefusal(await bulk(), "disk is full");
  await expectUnusable(service, "disk is full");
  rmSync(join(disk, "filler"));
  await expectUsable(service);
  expect((await bulk()).status).toBe(201);
});

test("a database without a connection left is told", async () => {
  const server = await migrated(await testPostgres());
  closers.push(() => server.drop());
  const url = Object.assign(new URL(server.url), { username: "fx", password: "fx" }).href;
  await aside(server.url, async (sql) => {
    await sql`create role fx login password 'fx'`;
    await sql`grant all on all tables in schema public to fx`;
  });
  const service = await serving(url);
  await expectUsable(service);
  await aside(server.url, async (sql) => {
    await sql`alter role fx connection limit 0`;
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where usename = 'fx'`;
  });
  await expectUnusable(service, "no connection left");
  await aside(server.url, (sql) => sql`alter role fx connection limit -1`);
  await expectUsable(service);
  await aside(server.url, (sql) => sql`revoke insert on ticks from fx`);
  await expectUnusable(service, "may not write");
  await aside(server.url, (sql) => sql`grant insert on ticks to fx`);
  await expectUsable(service);
});

test("a password that was changed, and a database that is gone, are told", async () => {
  const { server, service } = await onOwnServer();
  await expectUsable(service);
  await aside(server.url, async (sql) => {
    await sql`alter role postgres password 'another'`;
    await sql`select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and usename = 'postgres'`;
  });
  await expectUnusable(service, "refuses this user or password");
  const nowhere = Object.assign(new URL(server.url), { pathname: "/nowhere", password: "another" }).href;
  await expectUnusable(await serving(nowhere), "no such database");
});

test("a table that is gone is told as a schema that does not fit", async () => {
  const { server, service } = await onOwnServer();
  await expectUsable(service);
  await aside(server.url, (sql) => sql`alter table untold_commits rename to somewhere_else`);
  await eventually(async () => (await service.post()).status === 503);
  await expectUnusable(service, "run fx-migrate");
  await aside(server.url, (sql) => sql`alter table somewhere_else rename to untold_commits`);
  await expectUsable(service);
});

test("what is locked is tried again, a bounded number of times, and then took too long", async () => {
  const { server, service } = await onOwnServer();
  await expectUsable(service);
  await aside(server.url, (sql) =>
    sql.unsafe(`
      create table held ();
      create function take_held() returns trigger language plpgsql as
        $$ begin lock table held in access exclusive mode nowait; return null; end $$;
      create trigger take_held before insert on ticks for each statement execute function take_held()`),
  );
  await aside(server.url, (sql) =>
    sql.begin(async (transaction) => {
      await transaction`lock table held in access share mode`;
      const { body, retryAfterS } = await service.post();
      expect(body).toMatchObject({ status: 504, detail: "something in the database was locked for too long" });
      expect(retryAfterS).toBeFalsy();
      expect((await service.get("/ready")).status).toBe(200);
    }),
  );
  expect((await service.post()).status).toBe(201);
});
