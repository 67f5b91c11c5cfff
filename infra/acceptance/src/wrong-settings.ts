import { randomBytes } from "node:crypto";
import { migrate } from "@fx-ohlc/database";
import { emptyDatabase } from "@fx-ohlc/testkit";
import postgres from "postgres";
import type { Database } from "./system.js";

/** Each is a value that somebody has a reason to set, and that no statement of this system can live with. */
const WRONG: Readonly<Record<string, string>> = {
  extra_float_digits: "-10",
  default_transaction_isolation: "serializable",
  default_transaction_deferrable: "on",
  statement_timeout: "25ms",
  lock_timeout: "1ms",
  idle_in_transaction_session_timeout: "5ms",
  idle_session_timeout: "300ms",
  DateStyle: "German, DMY",
  IntervalStyle: "sql_standard",
  TimeZone: "Asia/Kolkata",
  bytea_output: "escape",
  standard_conforming_strings: "off",
  client_encoding: "LATIN1",
  synchronous_commit: "off",
  plan_cache_mode: "force_generic_plan",
  search_path: "tables_of_fx",
};

const RIGHT = {
  ...{
    search_path: "tables_of_fx",
    TimeZone: "UTC",
    DateStyle: "ISO",
    extra_float_digits: "1",
    client_encoding: "UTF8",
  },
  ...{ statement_timeout: "0", lock_timeout: "0", idle_session_timeout: "0", idle_in_transaction_session_timeout: "0" },
};

/** Only a superuser may set it, and only for a superuser is it put right. */
const WITHOUT_TRIGGERS = { session_replication_role: "replica" };

/** Where the settings are made: for everybody on a database, or for one role wherever it goes. */
export type Place = "database" | "role";

/** A database with every setting wrong, and the role that the services use there. */
export interface WrongDatabase extends Database {
  /** For whoever looks on: the same, with settings that are right. */
  readonly rightUrl: string;
  /** Changes one more setting in the same place. */
  set(name: string, value: string): Promise<void>;
  migrate(): Promise<unknown>;
}

/** Makes both and migrates the database as that role, whose tables are in a schema of their own. `others` are set as well. */
export async function wrongDatabase(
  place: Place,
  isSuperuser: boolean,
  others: Readonly<Record<string, string>> = {},
): Promise<WrongDatabase> {
  const database = await emptyDatabase();
  const role = `fx_wrong_${randomBytes(6).toString("hex")}`;
  const password = randomBytes(12).toString("hex");
  const sql = postgres(database.url, { max: 1, onnotice: () => undefined });
  const set = async (name: string, value: string) => {
    const whose = place === "database" ? sql`database ${sql(database.name)}` : sql`role ${sql(role)}`;
    await sql`alter ${whose} set ${sql(name)} to ${sql.unsafe(name === "search_path" ? value : `'${value}'`)}`;
  };
  await sql.unsafe(`create role ${role} login ${isSuperuser ? "superuser" : ""} password '${password}'`);
  await sql`create schema tables_of_fx authorization ${sql(role)}`;
  await sql`grant create on database ${sql(database.name)} to ${sql(role)}`;
  // The owner of the timescaledb extension is a superuser: whoever makes the database makes it.
  const [offered] = await sql`select 1 from pg_settings where name = 'timescaledb.disable_load'`;
  if (offered) await sql`create extension if not exists timescaledb`;
  for (const [name, value] of Object.entries({ ...WRONG, ...(isSuperuser ? WITHOUT_TRIGGERS : {}), ...others }))
    await set(name, value);
  const url = Object.assign(new URL(database.url), { username: role, password }).href;
  const wrong = {
    url,
    rightUrl: `${database.url}?${new URLSearchParams(RIGHT)}`,
    set,
    migrate: () => migrate({ url, engine: "auto", retentionDays: 0 }),
    drop: async () => {
      await sql.end({ timeout: 2 });
      await database.drop();
      const server = postgres(new URL("/postgres", database.url).href, { max: 1 });
      await server`drop role ${server(role)}`;
      await server.end({ timeout: 2 });
    },
  };
  await wrong.migrate();
  return wrong;
}
