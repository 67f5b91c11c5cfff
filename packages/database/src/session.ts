import type { Sql } from "./sql.js";

/** What a server is known to be before a pool is opened on it. */
export interface Ground {
  /** `server_version_num`: 150020. */
  readonly serverVersion: number;
  /** As `search_path` wants it: the schema that the tables are in, and what else is used from there. */
  readonly searchPath: string;
  /** False behind a pooler that hands one session to many clients: each transaction then says anew what it relies on. */
  readonly keepsSessions: boolean;
}

export interface SessionOptions {
  /** The server gives a statement up after this long; 0 never (migrations, refreshes). */
  readonly statementTimeoutMs: number;
  /** A transaction whose client is silent for so long is rolled back; 0 never. */
  readonly idleInTransactionTimeoutMs?: number;
  /** When plans are made for given parameters, and when for any. */
  readonly planCacheMode?: "auto" | "force_custom_plan";
  /** As far as anybody has looked. Without a `searchPath` that is left as it is. */
  readonly ground?: Partial<Ground> | undefined;
}

/** These a pooler knows and keeps for each of its clients. */
const KEPT_BY_POOLERS = {
  client_encoding: "UTF8",
  DateStyle: "ISO, MDY",
  TimeZone: "UTC",
  standard_conforming_strings: "on",
};

/**
 * What all statements rely on, whatever the server's file, the database and the role say. Everything is said, a time-out of 0
 * too: what is left out is what somebody has set.
 *
 * - `extra_float_digits`: prices are compared with what is stored, and a price that lost its last digits is another price.
 * - `lock_timeout`: symbol locks are waited for, and who waits is bounded by `statement_timeout`.
 * - `default_transaction_isolation`, `…_deferrable`: a writer sees what was committed before it got its locks.
 * - `jit`: compiling a plan over thousands of chunks, for one use, took 28 s.
 * - `row_security`: an error instead of a part of the rows, should there be policies.
 *
 * `default_transaction_read_only` is not here: somebody who made a database read-only is obeyed, and told of. Nor is what only
 * some values of would be wrong, and others are the operator's to choose: see {@link MENDED}.
 */
function fixedSettings(serverVersion = 0): Record<string, string> {
  return {
    IntervalStyle: "postgres",
    bytea_output: "hex",
    extra_float_digits: "1",
    default_transaction_isolation: "read committed",
    default_transaction_deferrable: "off",
    jit: "off",
    row_security: "off",
    lock_timeout: "0",
    ...youngerSettings(serverVersion),
  };
}

/** Time-outs that a server has to be new enough for. */
function youngerSettings(serverVersion: number): Record<string, string> {
  return {
    ...(serverVersion >= 140_000 ? { idle_session_timeout: "0" } : {}),
    ...(serverVersion >= 170_000 ? { transaction_timeout: "0" } : {}),
  };
}

/** Every setting of a session. */
export function sessionSettings(options: SessionOptions): Record<string, string> {
  const { ground, statementTimeoutMs, idleInTransactionTimeoutMs = 0, planCacheMode = "auto" } = options;
  return {
    ...fixedSettings(ground?.serverVersion),
    statement_timeout: String(statementTimeoutMs),
    idle_in_transaction_session_timeout: String(idleInTransactionTimeoutMs),
    plan_cache_mode: planCacheMode,
    ...(ground?.searchPath === undefined ? {} : { search_path: ground.searchPath }),
  };
}

/** What is said at the start of a session. Text, because postgres.js leaves out what is false: a 0. */
export function startupSettings(options: SessionOptions): Record<string, string> {
  return options.ground?.keepsSessions === false
    ? KEPT_BY_POOLERS
    : { ...KEPT_BY_POOLERS, ...sessionSettings(options) };
}

/** A text as a statement without parameters says it. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

function assignments(settings: Readonly<Record<string, string>>, isLocal: boolean): string {
  return Object.entries(settings)
    .map(([name, value]) => `set_config('${name}', ${literal(value)}, ${isLocal})`)
    .join(", ");
}

/** The statement that puts settings in force until the transaction's end. It has no parameters, so that it needs no answer first. */
export function setLocal(settings: Readonly<Record<string, string>>): string {
  return `select ${assignments(settings, true)}`;
}

/**
 * Values that lose something, and what stands in for them. Any other value stays: an operator may want commits to wait for a
 * standby. They cannot be said at the start: that would need the other values known, and for the second one a superuser.
 *
 * - `synchronous_commit = off`: an acknowledged tick would be lost with the server's power.
 * - `session_replication_role`: on a `replica` no trigger fires, and the triggers keep the bars.
 */
const MENDED = [
  { name: "synchronous_commit", isWrong: "= 'off'", value: "on" },
  { name: "session_replication_role", isWrong: "= 'replica'", value: "origin" },
];

/** Expressions that mend them, for a `select`. */
export function mending(scope: "session" | "transaction"): string {
  const isLocal = scope === "transaction";
  return MENDED.map(
    ({ name, isWrong, value }) =>
      `case when current_setting('${name}') ${isWrong} then set_config('${name}', '${value}', ${isLocal}) end`,
  ).join(", ");
}

/** Mends a session that lasts as long as its only connection: for migrations and refreshes. */
export async function mendSession(sql: Sql): Promise<void> {
  await sql.unsafe(`select ${mending("session")}`);
}

/** Says the rest in a session that was begun before anything was known of its server. */
export async function completeSession(
  sql: Sql,
  { serverVersion, searchPath }: Omit<Ground, "keepsSessions">,
): Promise<void> {
  await sql.unsafe(`select ${assignments({ ...youngerSettings(serverVersion), search_path: searchPath }, false)}`);
}
