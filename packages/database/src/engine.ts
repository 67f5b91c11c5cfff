import { type Engine, IncompatibleSchemaError } from "./settings.js";
import { rolledBack, type Sql } from "./sql.js";

/** `offset` buckets are wrong on DST Sundays since 2.25, and hierarchical aggregates were verified from here on. */
const TIMESCALEDB_VERSION_MIN: readonly [number, number] = [2, 28];

/** The timescaledb extension a server offers, if it does. */
interface Offer {
  readonly version: string;
  /** `timescale` for the Community edition; `apache` has no continuous aggregates. */
  readonly license: string | null;
}

/**
 * Tries the extension out: its license is known only to a session that has it. Where it is not preloaded, creating it would
 * end the session, so that is looked at first.
 */
async function offerOf(sql: Sql): Promise<Offer | undefined> {
  const preloaded = await sql`select 1 from pg_settings where name = 'timescaledb.disable_load'`;
  if (preloaded.length === 0) return undefined;
  let offer: Offer | undefined;
  await rolledBack(sql, async (transaction) => {
    await transaction`create extension if not exists timescaledb`;
    [offer] = await transaction<Offer[]>`
      select extversion as version, current_setting('timescaledb.license', true) as license
        from pg_extension
       where extname = 'timescaledb'`;
  });
  return offer;
}

function problemOf(offer: Offer | undefined): string | undefined {
  if (offer === undefined) return "the server does not preload timescaledb";
  if (offer.license !== "timescale")
    return "the server has TimescaleDB's Apache edition, which has no continuous aggregates";
  const [major = 0, minor = 0] = offer.version.split(".").map(Number);
  const [majorMin, minorMin] = TIMESCALEDB_VERSION_MIN;
  const isOld = major < majorMin || (major === majorMin && minor < minorMin);
  return isOld ? `TimescaleDB ${offer.version} is older than ${majorMin}.${minorMin}` : undefined;
}

/**
 * The engine a database is migrated for: the one recorded in it, else the one asked for, else TimescaleDB where the server
 * has a fit Community edition, else plain PostgreSQL.
 *
 * @throws IncompatibleSchemaError when TimescaleDB is asked for and cannot be used
 */
export async function detectEngine(
  sql: Sql,
  wanted: Engine | "auto",
  recorded: string | undefined,
  log: (line: string) => void,
): Promise<Engine> {
  if (recorded !== undefined) return recorded === "timescaledb" ? "timescaledb" : "postgres";
  if (wanted === "postgres") return "postgres";
  const offer = await offerOf(sql);
  const problem = problemOf(offer);
  if (problem === undefined) return "timescaledb";
  if (wanted === "timescaledb") throw new IncompatibleSchemaError(`DB_ENGINE=timescaledb, but ${problem}`);
  log(`bars are kept by triggers on plain PostgreSQL: ${problem}`);
  return "postgres";
}
