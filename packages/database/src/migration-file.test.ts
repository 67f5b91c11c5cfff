import { readdir } from "node:fs/promises";
import { parseMigration, readMigrations } from "./migration-file.js";
import { ENGINES, SCHEMA_VERSION } from "./settings.js";

test("a file without a marker is one step that takes nothing away", () => {
  expect(parseMigration("007_symbols.sql", "create table symbols ();\n")).toEqual({
    version: 7,
    name: "007_symbols.sql",
    servesFrom: undefined,
    steps: [{ sql: "create table symbols ();\n", isTransaction: true }],
  });
});

test("markers part a file into steps, each with its comments, and one of them may run outside a transaction", () => {
  const text = [
    "-- serves from 6",
    "alter table a drop column b;",
    "-- step",
    "-- Why.",
    "select 1;",
    "-- step outside a transaction",
    "create index concurrently c on a (d);",
  ];
  const { servesFrom, steps } = parseMigration("008_c.sql", text.join("\n"));
  expect(servesFrom).toBe(6);
  expect(steps).toEqual([
    { sql: "-- serves from 6\nalter table a drop column b;\n", isTransaction: true },
    { sql: "\n-- Why.\nselect 1;\n", isTransaction: true },
    { sql: "\ncreate index concurrently c on a (d);", isTransaction: false },
  ]);
});

test("a misspelt marker is refused, for it would join two steps into one transaction", () => {
  expect(() => parseMigration("008_c.sql", "select 1;\n-- step outside transaction\nselect 2;")).toThrow("008_c.sql");
  expect(() => parseMigration("c.sql", "select 1;")).toThrow("number of a version");
});

test.each(ENGINES)(
  "the migrations of %s are numbered one by one, up to the version that this build knows",
  async (engine) => {
    const migrations = await readMigrations(engine);
    expect(migrations.map(({ version }) => version)).toEqual(migrations.map((_, index) => index + 1));
    expect(migrations).toHaveLength(SCHEMA_VERSION);
    const names = ["common", engine].map((folder) => readdir(new URL(`../migrations/${folder}`, import.meta.url)));
    expect(new Set((await Promise.all(names)).flat())).toEqual(new Set(migrations.map(({ name }) => name)));
  },
);
