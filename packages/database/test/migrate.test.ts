import { emptyDatabase, eventually, type TestDatabase } from "@fx-ohlc/embedded";
import { readEnv } from "@fx-ohlc/service-kit";
import { Database } from "../src/database.js";
import { storedBoundaryProblem } from "../src/day-boundary.js";
import { type MigrateOptions, migrate } from "../src/migrate.js";
import { migrateOptions } from "../src/migrate-options.js";
import { type Migration, parseMigration } from "../src/migration-file.js";
import { readSettings, SCHEMA_VERSION, settingsOf } from "../src/settings.js";
import { openPool, type Sql } from "../src/sql.js";

const OPTIONS: Omit<MigrateOptions, "url"> = {
  engine: "auto",
  dayBoundary: { hour: 22, timezone: "UTC" },
  compressionAfterDays: 7,
  retentionDays: 0,
  refreshIntervals: { minute: 5, hour: 30, day: 300 },
};

let database: TestDatabase;
let sql: Sql;
beforeEach(async () => {
  database = await emptyDatabase();
  sql = openPool({ url: database.url, applicationName: "test", connectionsMax: 1, statementTimeoutMs: 0 });
});
afterEach(async () => {
  await sql.end({ timeout: 1 });
  await database.drop();
});

test("two migrations at once do the work once, and a third finds nothing to do", async () => {
  const lines: string[] = [];
  const options = { ...OPTIONS, url: database.url, log: (line: string) => lines.push(line) };
  const engines = await Promise.all([migrate(options), migrate(options)]);
  expect(new Set(engines).size).toBe(1);
  await migrate(options);
  expect(lines.filter((line) => line.startsWith("applied"))).toHaveLength(SCHEMA_VERSION);
  expect(lines).toContain("another fx-migrate is at work on this database: waiting for it");
});

test("settings of a later run replace those of an earlier one and are told; those left out stay", async () => {
  const lines: string[] = [];
  const log = (line: string) => lines.push(line);
  await migrate({ ...OPTIONS, url: database.url, log });
  const isProgress = (line: string) => /^applied|, step \d+ of \d+$/.test(line);
  expect(lines.filter((line) => !isProgress(line))).toEqual(await engineLines());
  lines.length = 0;
  await migrate({ url: database.url, engine: "auto", retentionDays: 90, log });
  expect(lines).toEqual(["RETENTION_DAYS is 90 from now on (it was 0)"]);
  await migrate({ url: database.url, engine: "auto", refreshIntervals: { hour: 60 } });
  const settings = Object.fromEntries(await settingsOf(sql));
  expect(settings).toMatchObject({
    keep_ticks_days: "90",
    compression_after_days: "7",
    refresh_minute_interval_s: "5",
    refresh_hour_interval_s: "60",
    refresh_day_interval_s: "300",
    day_start_hour: "22",
    day_timezone: "UTC",
  });
});

/** What is said of the engine at the first migration: nothing on TimescaleDB. */
async function engineLines(): Promise<unknown[]> {
  const { engine } = await readSettings(sql);
  return engine === "timescaledb" ? [] : [expect.stringContaining("bars are kept by triggers")];
}

test("the boundary that bars were built with never changes, and half of it may be left out", async () => {
  const dayBoundary = { hour: 17, timezone: "America/New_York" };
  await migrate({ ...OPTIONS, url: database.url, dayBoundary });
  await migrate({ ...OPTIONS, url: database.url, dayBoundary: { hour: 17 } });
  await migrate({ ...OPTIONS, url: database.url, dayBoundary: undefined });
  await expect(migrate({ ...OPTIONS, url: database.url, dayBoundary: { timezone: "UTC" } })).rejects.toThrow(
    "day bars of this database start at 17:00 America/New_York",
  );
});

test("first-version services find the schema that they know", async () => {
  await migrate({ ...OPTIONS, url: database.url });
  const [row] = await sql`select max(version) as version from schema_migrations`;
  expect(row?.version).toBe(4);
});

/** Of versions to come: the next one and those after it. */
function later(...texts: string[]): Migration[] {
  return texts.map((text, index) => parseMigration(`${SCHEMA_VERSION + 1 + index}_later.sql`, text));
}

/** What a service is told that opens the database; undefined when it is served. */
async function refusal(): Promise<unknown> {
  const opened = new Database({ url: database.url, applicationName: "test", connectionsMax: 1, statementTimeoutMs: 0 });
  opened.start();
  try {
    await opened.untilAvailable();
    return undefined;
  } catch (error) {
    return error;
  } finally {
    await opened.close();
  }
}

test("a database that was never migrated is not used", async () => {
  expect(await refusal()).toMatchObject({
    name: "IncompatibleSchemaError",
    message: expect.stringContaining("run fx-migrate"),
  });
});

test("services and fx-migrate of this version go on with a newer schema, until one takes something away from them", async () => {
  await migrate({ ...OPTIONS, url: database.url });
  const [expand, contract] = later("create table more ()", `-- serves from ${SCHEMA_VERSION + 1}\ndrop table more`);
  if (expand === undefined || contract === undefined) throw new Error("two texts gave fewer migrations");
  const lines: string[] = [];
  const log = (line: string) => lines.push(line);

  await migrate({ ...OPTIONS, url: database.url, laterMigrations: [expand] });
  expect(await refusal()).toBeUndefined();
  await migrate({ ...OPTIONS, url: database.url, retentionDays: 90, log });
  expect(lines).toEqual([
    `the database's schema is version ${SCHEMA_VERSION + 1} and serves this build, which knows ${SCHEMA_VERSION}`,
    "RETENTION_DAYS is 90 from now on (it was 0)",
  ]);
  const [first] = await sql`select max(version) as version from schema_migrations`;
  expect(first?.version).toBe(4);

  await migrate({ ...OPTIONS, url: database.url, laterMigrations: [expand, contract], noticeMs: 0 });
  const message = expect.stringContaining(`serves builds that know ${SCHEMA_VERSION + 1} or newer`);
  expect(await refusal()).toMatchObject({ name: "IncompatibleSchemaError", message });
  await expect(migrate({ ...OPTIONS, url: database.url })).rejects.toThrow(/upgrade it/);
  // First-version services look in this table, and refuse whatever they do not know.
  const [last] = await sql`select max(version) as version from schema_migrations`;
  expect(last?.version).toBeGreaterThan(4);
});

test("nothing is taken away before those that are not served any more could notice", async () => {
  await migrate({ ...OPTIONS, url: database.url });
  const laterMigrations = later(`-- serves from ${SCHEMA_VERSION + 1}\nalter table unpublished_commits rename to gone`);
  const table = async () => (await sql`select to_regclass('unpublished_commits')::text as name`)[0]?.name;
  const seen = new Promise((resolve) => {
    const log = (line: string) => line.includes("until others stop") && resolve(Promise.all([refusal(), table()]));
    void migrate({ ...OPTIONS, url: database.url, laterMigrations, noticeMs: 3000, log }).catch(resolve);
  });
  expect(await seen).toEqual([expect.objectContaining({ name: "IncompatibleSchemaError" }), "unpublished_commits"]);
  await eventually(async () => (await table()) === null);
});

test("an fx-migrate that ended in the middle goes on where it stopped, and does nothing twice", async () => {
  await migrate({ ...OPTIONS, url: database.url });
  const steps = ["create table once ()", "insert into seen default values", "create table last ()"];
  const go = () => migrate({ ...OPTIONS, url: database.url, laterMigrations: later(steps.join("\n-- step\n")) });
  await expect(go()).rejects.toMatchObject({ code: "42P01" });
  expect(await refusal()).toBeUndefined();
  await sql`create table seen (id int default 1)`;
  await go();
  expect(await sql`select * from seen`).toHaveLength(1);
  expect((await settingsOf(sql)).has("migration_step")).toBe(false);
});

test("fx-migrate says who holds the lock that it waits for, and gets it in the end", async () => {
  await migrate({ ...OPTIONS, url: database.url });
  const laterMigrations = later("alter table unpublished_commits add column note text");
  const pool = { url: database.url, connectionsMax: 1, statementTimeoutMs: 0 };
  const writer = openPool({ ...pool, applicationName: "some writer" });
  let migrated: Promise<unknown> | undefined;
  await writer.begin(async (transaction) => {
    await transaction`lock table unpublished_commits in row exclusive mode`;
    const waits = await new Promise<string>((resolve, reject) => {
      const log = (line: string) => line.includes("waits for a lock") && resolve(line);
      migrated = migrate({ ...OPTIONS, url: database.url, laterMigrations, log });
      migrated.catch(reject);
    });
    expect(waits).toMatch(/later\.sql.*; the oldest transaction is of "some writer", process \d+, open for \d+ s$/);
  });
  await migrated;
  await writer.end();
  expect(await sql`select note from unpublished_commits`).toEqual([]);
});

test("an index is made outside a transaction while another fx-migrate waits for its turn", async () => {
  await migrate({ ...OPTIONS, url: database.url });
  const index = "create index concurrently if not exists by_reason on settings (value)";
  const laterMigrations = later(`-- Why.\n-- step outside a transaction\n${index}`);
  await Promise.all([1, 2].map(() => migrate({ ...OPTIONS, url: database.url, laterMigrations })));
  expect(await sql`select indisvalid from pg_index where indexrelid = 'by_reason'::regclass`).toEqual([
    { indisvalid: true },
  ]);
});

test("a service that waits for a schema starts working once the database is migrated", async () => {
  const opened = new Database({
    url: database.url,
    applicationName: "test",
    connectionsMax: 1,
    statementTimeoutMs: 0,
    pingIntervalMs: 20,
  });
  opened.on("incompatible", () => {});
  opened.start();
  await migrate({ ...OPTIONS, url: database.url });
  await eventually(() => opened.available);
  expect(opened.settings.dayBoundary).toEqual({ hour: 22, timezone: "UTC" });
  await opened.close();
});

test.each([
  [{ hour: 22, timezone: "UTC" }, undefined],
  [{ hour: 17, timezone: "America/New_York" }, undefined],
  [{ hour: 0, timezone: "Europe/London" }, undefined],
  [{ hour: 1, timezone: "America/New_York" }, "happens twice"],
  [{ hour: 5, timezone: "Asia/Kolkata" }, "not on a whole hour"],
  [{ hour: 5, timezone: "Nowhere/Land" }, "not an IANA time zone"],
])("%j as a stored boundary: %s", (boundary, problem) => {
  if (problem === undefined) expect(storedBoundaryProblem(boundary)).toBeUndefined();
  else expect(storedBoundaryProblem(boundary)).toContain(problem);
});

test("fx-migrate names every wrong variable in one line", () => {
  const env = { DATABASE_URL: "mysql://x", DAY_START_HOUR: "24", RETENTION_DAYS: "3", DB_ENGINE: "oracle" };
  expect(() => readEnv(env, migrateOptions)).toThrow(
    /^invalid configuration: (?=.*DATABASE_URL)(?=.*DAY_START_HOUR)(?=.*RETENTION_DAYS)(?=.*DB_ENGINE)[^\n]*$/,
  );
});
