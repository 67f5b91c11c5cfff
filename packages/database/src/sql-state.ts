import { DeadlineError } from "@fx-ohlc/service-kit";

/**
 * SQLSTATEs this system acts on, by name; message texts are never matched.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export const SQL_STATE = {
  serializationFailure: "40001",
  deadlockDetected: "40P01",
  uniqueViolation: "23505",
  lockNotAvailable: "55P03",
  objectInUse: "55006",
  undefinedTable: "42P01",
  queryCanceled: "57014",
} as const;

/** The SQLSTATE of an error that PostgreSQL sent, or postgres.js's own code (`CONNECTION_CLOSED`, `ECONNREFUSED`). */
export function errorCode(error: unknown): string | undefined {
  const code: unknown = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}

/**
 * Whether running the whole transaction again can succeed: it was chosen as a deadlock's victim, could not be serialized, or
 * a writer outside the symbol locks took a slot between the look and the insert.
 */
export function isRetryable(error: unknown): boolean {
  const code = errorCode(error);
  return (
    code === SQL_STATE.serializationFailure || code === SQL_STATE.deadlockDetected || code === SQL_STATE.uniqueViolation
  );
}

/** Connection exceptions (08), operator intervention (57P), too many connections or a full disk (53), startup (57P03). */
const UNAVAILABLE_SQL_STATE = /^(08|57P|53)/;

const UNAVAILABLE_CODES: ReadonlySet<string> = new Set([
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECTION_DESTROYED",
  "CONNECT_TIMEOUT",
  "CONNECTION_CONNECT_TIMEOUT",
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ENOENT",
]);

/** Whether the database is away, as far as this error tells: the caller answers 503 and tries again later. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof DeadlineError) return true;
  const code = errorCode(error);
  return (
    code !== undefined &&
    (UNAVAILABLE_SQL_STATE.test(code) || UNAVAILABLE_CODES.has(code) || code === SQL_STATE.queryCanceled)
  );
}
