import { emptyDatabase, eventually, type TestDatabase } from "@fx-ohlc/embedded";
import { readEnv } from "@fx-ohlc/service-kit";
import { Database } from "../src/database.js";
import { storedBoundaryProblem } from "../src/day-boundary.js";
import { type MigrateOptions, migrate } from "../src/migrate.js";
import { migrateOptions } from "../src/migrate-options.js";
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
});

test("settings of a later run replace those of an earlier one and are told; those left out stay", async () => {
  const lines: string[] = [];
  const log = (line: string) => lines.push(line);
  await migrate({ ...OPTIONS, url: database.url, log });
  expect(lines.filter((line) => !line.startsWith("applied"))).toEqual(await engineLines());
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

test("a database that is newer than the build, or was never migrated, is not used", async () => {
  const refusal = async () => {
    const opened = new Database({
      url: database.url,
      applicationName: "test",
      connectionsMax: 1,
      statementTimeoutMs: 0,
    });
    opened.start();
    const error = await opened.untilAvailable().catch((reason: unknown) => reason);
    await opened.close();
    return error;
  };
  expect(await refusal()).toMatchObject({
    name: "IncompatibleSchemaError",
    message: expect.stringContaining("run fx-migrate"),
  });
  await migrate({ ...OPTIONS, url: database.url });
  await sql`insert into schema_changes (version, name) values (${SCHEMA_VERSION + 1}, 'future')`;
  expect(await refusal()).toMatchObject({
    name: "IncompatibleSchemaError",
    message: expect.stringContaining("upgrade the services"),
  });
  await expect(migrate({ ...OPTIONS, url: database.url })).rejects.toThrow("use a newer one");
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
