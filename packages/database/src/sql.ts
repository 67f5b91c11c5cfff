import { formatTime, type Micros, parseTime } from "@fx-ohlc/schemas";
import type { Ending } from "@fx-ohlc/service-kit";
import postgres from "postgres";
import { traceQuery } from "./query-span.js";
import { type SessionOptions, sessionSettings, setLocal, startupSettings } from "./session.js";

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
/** What single statements are run on: a pool, or some session of it. */
export type Queries = postgres.ISql<SqlTypes>;

/** How one pool of connections behaves. */
export interface PoolOptions extends SessionOptions {
  /** `postgres://user:password@host:port/database`. */
  readonly url: string;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  readonly connectionsMax: number;
  /** False behind a pgbouncer without prepared-statement support. */
  readonly prepare?: boolean;
  /** A connection is never replaced by a younger one: session locks would be lost with it. */
  readonly isForLocks?: boolean;
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

/**
 * Opens a pool. No connection is made before the first query.
 *
 * Its settings are said at the start of each session. Where sessions are not kept its transactions begin with them instead,
 * and single statements have to be run {@link inSession}.
 */
export function openPool(options: PoolOptions): Sql {
  const startup = startupSettings(options);
  const sql: Sql = postgres(withoutSettings(options.url, options), {
    max: options.connectionsMax,
    connect_timeout: CONNECT_TIMEOUT_S,
    backoff: reconnectAfterS,
    prepare: options.prepare ?? true,
    ...(options.isForLocks === true ? { max_lifetime: null } : {}),
    fetch_types: false,
    types: TYPES,
    onnotice: () => {},
    connection: { application_name: options.applicationName, ...startup },
  });
  return options.ground?.keepsSessions === false ? inEveryTransaction(sql, setLocal(sessionSettings(options))) : sql;
}

/** postgres.js takes settings from a URL too, and would put them above ours. */
function withoutSettings(url: string, options: PoolOptions): string {
  const ours = new Set([...Object.keys(startupSettings(options)), ...Object.keys(sessionSettings(options))]);
  const isOurs = (name: string) => [...ours].some((own) => own.toLowerCase() === name.toLowerCase());
  const mark = url.indexOf("?");
  if (mark < 0) return url;
  const query = new URLSearchParams(url.slice(mark + 1));
  for (const name of [...query.keys()]) if (isOurs(name)) query.delete(name);
  return query.size === 0 ? url.slice(0, mark) : `${url.slice(0, mark)}?${query}`;
}

/** Pools whose sessions are not kept. */
const POOLED = new WeakSet<Sql>();

/** The default isolation is in force before anything can be said within a transaction. */
const PLAIN = "isolation level read committed";

function inEveryTransaction(sql: Sql, beginning: string): Sql {
  const { begin } = sql;
  type Work<T> = (transaction: Transaction) => T | Promise<T>;
  const beginWith = <T>(options: string, work: Work<T>) =>
    begin(options, (transaction) => {
      // Not waited for: it goes out with the first statement of the work.
      transaction.unsafe(beginning).execute();
      return work(transaction);
    });
  sql.begin = <T>(options: string | Work<T>, work?: Work<T>) =>
    typeof options === "string" && work !== undefined ? beginWith(options, work) : beginWith(PLAIN, options as Work<T>); // The only other form.
  POOLED.add(sql);
  return sql;
}

/**
 * Runs statements that need a pool's settings: on the pool itself where sessions keep them, else in a transaction that begins
 * with them, which takes two ways there and back more.
 */
export function inSession<T>(sql: Sql, work: (queries: Queries) => PromiseLike<T>): PromiseLike<T> {
  if (!POOLED.has(sql)) return work(sql);
  return sql.begin(async (transaction) => work(transaction)) as PromiseLike<T>; // postgres.js unwraps arrays in its type.
}

/** Runs a transaction and takes back what it did. */
export async function rolledBack(sql: Sql, work: (transaction: Transaction) => Promise<unknown>): Promise<void> {
  const done = new Error("rolled back");
  const trial = sql.begin(async (transaction) => {
    await work(transaction);
    throw done;
  });
  await trial.catch((error: unknown) => {
    if (error !== done) throw error;
  });
}

/** A cancel is lost when it overtakes its statement: it is sent again until that has ended. */
const CANCEL_AGAIN_MS = 100;

/**
 * The same queries, each of which is cancelled on the server when there is a reason to end: it rejects with 57014. None is begun
 * after that.
 *
 * A cancel reaches a connection, and there what runs at that moment: when it comes late, the next statement.
 *
 * A part of a statement that is written as one (`` sql`…` `` within another) would be sent by itself, for nothing tells the two apart.
 */
export function endingWith<Q extends Queries>(sql: Q, ending: Ending): Q {
  return new Proxy(sql, {
    apply: (target, self, values) => {
      ending.assertNone();
      return followed(Reflect.apply(target, self, values), ending);
    },
    get: (target, name) => {
      const value: unknown = Reflect.get(target, name);
      if (name !== "unsafe" || typeof value !== "function") return value;
      ending.assertNone();
      return (...values: unknown[]) => followed(Reflect.apply(value, target, values), ending);
    },
  });
}

/** What postgres.js makes of a statement; it is active while the server works on it. */
type Query = Promise<unknown> & { readonly active: boolean; cancel(): void };

/** What is none is a part of a statement, such as a name. */
function isQuery(value: unknown): value is Query {
  return value instanceof Promise && "cancel" in value && "active" in value;
}

function followed(query: unknown, ending: Ending): unknown {
  if (!isQuery(query)) return query;
  let again: NodeJS.Timeout | undefined;
  const cancel = () => {
    // What is not sent yet will be; and what waits behind another statement of its transaction fails with that one.
    if (query.active) query.cancel();
    again = setTimeout(cancel, CANCEL_AGAIN_MS);
  };
  const forget = () => {
    ending.offEnd(cancel);
    clearTimeout(again);
  };
  ending.onEnd(cancel);
  query.then(forget, forget);
  traceQuery(query, ending);
  return query;
}
