import { formatTime, type Micros, parseTime } from "@fx-ohlc/schemas";
import postgres from "postgres";

/** PostgreSQL's type oids that this system reads and writes in its own way. */
const OID = {
  int8: 20,
  timestamptz: 1184,
  int2Array: 1005,
  int8Array: 1016,
  float8Array: 1022,
  textArray: 1009,
  timestamptzArray: 1185,
};

/** `2014-05-04 21:00:00.462+00`, as PostgreSQL writes an instant when the session's time zone is UTC. */
function parseInstant(text: string): Micros {
  const us = parseTime(`${text.slice(0, 10)}T${text.slice(11).replace(/\+00$/, "Z")}`);
  if (us === undefined) throw new Error(`not an instant in UTC: ${text}`);
  return us;
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

const ARRAY_ELEMENT = /"((?:[^"\\]|\\.)*)"|([^,{}]+)/g;

/** The elements of a one-dimensional array without nulls, as PostgreSQL writes it: `{a,"b c"}`. */
function parseArray(text: string): string[] {
  return [...text.matchAll(ARRAY_ELEMENT)].map(([, inQuotes, bare]) => inQuotes?.replace(/\\(.)/g, "$1") ?? bare ?? "");
}

/** Instants travel as integer microseconds (a Date would lose the last three digits); bigints below 2^53 as numbers. */
const TYPES = {
  instant: {
    to: OID.timestamptz,
    from: [OID.timestamptz],
    serialize: (us: Micros) => formatTime(us),
    parse: parseInstant,
  },
  bigint: { to: OID.int8, from: [OID.int8], serialize: String, parse: Number },
  numbers: {
    to: OID.float8Array,
    from: [OID.float8Array, OID.int2Array, OID.int8Array],
    serialize: (values: number[]) => `{${values.join(",")}}`,
    parse: (text: string) => parseArray(text).map(Number),
  },
  texts: {
    to: OID.textArray,
    from: [OID.textArray],
    serialize: (values: string[]) => `{${values.map(quoted).join(",")}}`,
    parse: parseArray,
  },
  instants: {
    to: OID.timestamptzArray,
    from: [OID.timestamptzArray],
    serialize: (values: Micros[]) => `{${values.map(formatTime).join(",")}}`,
    parse: (text: string) => parseArray(text).map(parseInstant),
  },
};

type SqlTypes = { instant: Micros; bigint: number; numbers: number[]; texts: string[]; instants: Micros[] };
export type Sql = postgres.Sql<SqlTypes>;
export type Transaction = postgres.TransactionSql<SqlTypes>;

/** How one pool of connections behaves. */
export interface PoolOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  readonly connectionsMax: number;
  /** The server gives a statement up after this long; 0 never (migrations, refreshes). */
  readonly statementTimeoutMs: number;
  /** False behind a pgbouncer without prepared-statement support. */
  readonly prepare?: boolean;
  /** Further session settings. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** A pool is given this long to open a connection before a query on it fails. */
const CONNECT_TIMEOUT_S = 2;

/**
 * Between two attempts to connect. By default postgres.js waits up to 20 s after an outage of some seconds, and the first
 * queries after it wait as long.
 */
function reconnectAfterS(): number {
  return 0.1 + Math.random() * 0.1;
}

/** Opens a pool. No connection is made before the first query. */
export function openPool(options: PoolOptions): Sql {
  return postgres(options.url, {
    max: options.connectionsMax,
    connect_timeout: CONNECT_TIMEOUT_S,
    backoff: reconnectAfterS,
    prepare: options.prepare ?? true,
    fetch_types: false,
    types: TYPES,
    onnotice: () => {},
    connection: {
      application_name: options.applicationName,
      TimeZone: "UTC",
      DateStyle: "ISO",
      statement_timeout: options.statementTimeoutMs,
      ...options.settings,
    },
  });
}
