import { emptyDatabase, eventually, type TestDatabase } from "@fx-ohlc/embedded";
import { readEnv } from "@fx-ohlc/service-kit";
import { Database } from "../src/database.js";
import { storedBoundaryProblem } from "../src/day-boundary.js";
import { type MigrateOptions, migrate } from "../src/migrate.js";
import { migrateOptions } from "../src/migrate-options.js";
import { deleteExpiredTicks } from "../src/retention.js";
import { SCHEMA_VERSION } from "../src/settings.js";
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

test("settings of a later run replace those of an earlier one, but never the boundary bars were built with", async () => {
  await migrate({ ...OPTIONS, url: database.url });
  await migrate({ ...OPTIONS, url: database.url, retentionDays: 90 });
  const [row] = await sql`select value from settings where key = 'retention_days'`;
  expect(row?.value).toBe("90");
  await expect(
    migrate({ ...OPTIONS, url: database.url, dayBoundary: { hour: 17, timezone: "America/New_York" } }),
  ).rejects.toThrow("day bars of this database start at 22:00 UTC");
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
  await sql`insert into schema_migrations (version, name) values (${SCHEMA_VERSION + 1}, 'future')`;
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

test("retention deletes raw ticks in batches and leaves every bar as it was", async () => {
  const kept = await emptyDatabase();
  await migrate({ ...OPTIONS, url: kept.url, engine: "postgres", retentionDays: 30 });
  const own = openPool({ url: kept.url, applicationName: "test", connectionsMax: 1, statementTimeoutMs: 0 });
  await own`
    insert into ticks (symbol, time, seq, price)
    select symbol, timestamptz '2024-01-01' + i * interval '5 seconds', 0, 1 + i % 7
      from generate_series(1, 6000) i, unnest(array['A', 'B']) symbol`;
  const bars = () =>
    own`select * from ohlc_minute union all select * from ohlc_hour union all select * from ohlc_day order by 1, 2, 7`;
  const before = await bars();
  const settings = { engine: "postgres", dayBoundary: OPTIONS.dayBoundary, retentionDays: 30 } as const;
  const nowUs = Date.parse("2024-01-31T04:00:00Z") * 1000;
  expect(await deleteExpiredTicks(own, settings, nowUs)).toBe(2 * (4 * 720 - 1));
  expect(await bars()).toEqual(before);
  await own.end({ timeout: 1 });
  await kept.drop();
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
