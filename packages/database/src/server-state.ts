import type { Micros } from "@fx-ohlc/schemas";
import { IncompatibleSchemaError } from "./settings.js";
import type { Queries } from "./sql.js";

/** What one look at a server finds, whatever the session's settings are. Schemas are written as SQL wants them. */
export interface ServerState {
  /** `server_version_num`. */
  readonly version: number;
  readonly isStandby: boolean;
  /** New transactions can only read, because the server, the database or the role says so. */
  readonly isReadOnly: boolean;
  /** Half-way between `timescaledb_pre_restore()` and `timescaledb_post_restore()`, where hypertables take nothing. */
  readonly isBeingRestored: boolean;
  /** A commit of this role has waited for a synchronous standby for longer than one takes that is there. */
  readonly waitsForStandby: boolean;
  /** The role may write ticks; false also while there are none. */
  readonly mayWrite: boolean;
  /** Schemas with tables of this system. */
  readonly schemas: readonly string[];
  /** Where a table is made when nobody says where. */
  readonly homeSchema: string | null;
  /** Of the timescaledb extension. */
  readonly extensionSchema: string | null;
  /**
   * Differs for two databases, for one before and after a restore from a dump or a promotion, and for a standby: the
   * cluster's number, its timeline, and the numbers of the database and of `ticks`.
   */
  readonly facts: string;
  /**
   * When the newest commit was made that a standby holds, or, before it has replayed one, the checkpoint that it began with: it holds
   * all that was committed before. Null on a primary.
   */
  readonly replayedUs: Micros | null;
  /** How much log is flushed, in bytes since the cluster was made; null on a standby. */
  readonly flushedBytes: number | null;
  readonly backend: number;
}

/** A standby that is there confirms within milliseconds; with the time between two looks and a look, a sender has its 503 within 2 s. */
const STANDBY_PATIENCE = "1 second";

/** One statement without anything that a `search_path` could change. */
export async function readServerState(sql: Queries): Promise<ServerState & { readonly isPooled: boolean }> {
  const rows = await sql<ServerState[]>`
    with systems as (
      select space.nspname as schema, ticks.oid as ticks
        from pg_class versions
        join pg_namespace space on space.oid = versions.relnamespace
        join pg_class ticks     on ticks.relnamespace = space.oid and ticks.relname = 'ticks' and ticks.relkind in ('r', 'p')
        join pg_class settings  on settings.relnamespace = space.oid and settings.relname = 'settings' and settings.relkind = 'r'
       where versions.relname = 'schema_migrations' and versions.relkind = 'r'
    )
    select current_setting('server_version_num')::int                                  as version,
           pg_is_in_recovery()                                                         as "isStandby",
           current_setting('default_transaction_read_only') = 'on'                     as "isReadOnly",
           coalesce(current_setting('timescaledb.restoring', true), 'off') = 'on'      as "isBeingRestored",
           exists (select from pg_stat_activity
                    where wait_event = 'SyncRep' and datname = current_database() and usename = current_user
                      and query_start < clock_timestamp() - ${STANDBY_PATIENCE}::interval)   as "waitsForStandby",
           coalesce((select bool_and(has_table_privilege(ticks, 'INSERT')) from systems), false) as "mayWrite",
           array(select quote_ident(schema) from systems order by schema)              as schemas,
           quote_ident(current_schema())                                               as "homeSchema",
           (select quote_ident(nspname) from pg_extension join pg_namespace n on n.oid = extnamespace
             where extname = 'timescaledb')                                            as "extensionSchema",
           concat_ws(' ', cluster.system_identifier,
                     case when not pg_is_in_recovery() then left(pg_walfile_name(pg_current_wal_lsn()), 8) end,
                     (select oid from pg_database where datname = current_database()),
                     (select min(ticks) from systems))                                 as facts,
           case when pg_is_in_recovery() then coalesce(pg_last_xact_replay_timestamp(), checkpoint.checkpoint_time)
           end                                                                         as "replayedUs",
           case when not pg_is_in_recovery() then (pg_current_wal_flush_lsn() - '0/0')::bigint end as "flushedBytes",
           pg_backend_pid()                                                            as backend
      from pg_control_system() cluster, pg_control_checkpoint() checkpoint`;
  const [state] = rows;
  if (state === undefined) throw new Error("a select from a function gave no row");
  // A pooler tells its clients a number of its own.
  return { ...state, isPooled: rows.state.pid !== state.backend };
}

/** Why nothing can be written now, in words for everybody; undefined when it can. */
export function whyUnwritable({
  isStandby,
  isReadOnly,
  isBeingRestored,
  waitsForStandby,
}: ServerState): string | undefined {
  if (isBeingRestored) return "the database is being restored: timescaledb_post_restore() has not been called";
  if (waitsForStandby) return "commits wait for a synchronous standby that does not answer";
  if (isStandby) return "the database is a standby, which cannot be written to";
  return isReadOnly ? "the database is read-only" : undefined;
}

/**
 * The one schema that holds the system; undefined when none does yet.
 *
 * @throws IncompatibleSchemaError when two do: nobody could tell which one is meant
 */
export function schemaOf({ schemas }: ServerState): string | undefined {
  if (schemas.length < 2) return schemas[0];
  throw new IncompatibleSchemaError(
    `this database has tables of fx-ohlc in the schemas ${schemas.join(" and ")}: keep those in use, and drop the others or move them to a database of their own`,
  );
}

/** The `search_path` for a schema: TimescaleDB's functions may be in another one. */
export function searchPathOf(schema: string, { extensionSchema }: ServerState): string {
  return extensionSchema === null || extensionSchema === schema ? schema : `${schema}, ${extensionSchema}`;
}
