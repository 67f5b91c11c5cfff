import { DeadlineError } from "@fx-ohlc/service-kit";

/**
 * SQLSTATEs that single places act on, by name; message texts are never matched.
 * https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
export const SQL_STATE = {
  protocolViolation: "08P01",
  lockNotAvailable: "55P03",
  deadlockDetected: "40P01",
  uniqueViolation: "23505",
  undefinedTable: "42P01",
  featureNotSupported: "0A000",
} as const;

/** What errors of one kind mean to a service. Whoever was refused by one is answered 503 or 504, in these words. */
export interface ErrorClass {
  /** Shown to senders and in `/health`. */
  readonly words: string;
  /** Running the whole transaction again at once can succeed; whoever does so counts his tries. */
  readonly isRepeated?: true;
  /** As long as it lasts every write fails the same way: a service that writes is not ready until a trial has succeeded. */
  readonly stopsWrites?: true;
  /** The database is there, and what was asked of it took too long: 504, for asked again it would take as long. */
  readonly isSlow?: true;
}

/**
 * Every kind of error that is not a mistake of this system or of its senders, by SQLSTATE, class of SQLSTATEs (two characters)
 * or the code that postgres.js or Node gives. Whatever is not here is answered 500.
 *
 * An error that makes the whole database unusable needs no mark: the monitor of {@link Database} meets it as well, within a
 * second and a half, and nothing is ready while it does.
 */
const CLASSES: readonly (ErrorClass & { readonly codes: readonly string[] })[] = [
  { codes: ["57P03"], words: "the database is starting up or shutting down" },
  { codes: ["57P04", "3D000"], words: "there is no such database" },
  { codes: ["57014"], words: "the database took too long", isSlow: true },
  { codes: ["57"], words: "the database has ended the connection" },
  { codes: ["53300"], words: "the database has no connection left" },
  { codes: ["53100"], words: "the database's disk is full", stopsWrites: true },
  { codes: ["58", "XX001", "XX002"], words: "the database cannot use its files", stopsWrites: true },
  { codes: ["53200"], words: "the database is out of memory" },
  { codes: ["53"], words: "the database has reached one of its limits" },
  { codes: ["25006"], words: "the database is read-only", stopsWrites: true },
  { codes: ["25P03", "57P05"], words: "the database has ended an idle transaction", isRepeated: true },
  // A unique violation: a writer outside the symbol locks took a slot between the look and the insert.
  {
    codes: ["40001", "40P01", "23505"],
    words: "the database has too many writers of the same at once",
    isRepeated: true,
  },
  { codes: ["55P03"], words: "something in the database was locked for too long", isRepeated: true, isSlow: true },
  { codes: ["55006"], words: "something in the database is in use by somebody else", isRepeated: true },
  { codes: ["28"], words: "the database refuses this user or password" },
  { codes: ["42501"], words: "the database's role may not do this" },
  {
    codes: ["42P01", "42703", "42883", "42P07", "3F000"],
    words: "the database's schema is not the one this build knows: run fx-migrate",
    stopsWrites: true,
  },
  {
    codes: [
      "08",
      ...["CONNECTION_CLOSED", "CONNECTION_ENDED", "CONNECTION_DESTROYED", "CONNECT_TIMEOUT"],
      ...["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH"],
      ...["ENOTFOUND", "EAI_AGAIN"],
    ],
    words: "the database cannot be reached",
  },
];

const CLASS_OF_CODE: ReadonlyMap<string, ErrorClass> = new Map(
  CLASSES.flatMap(({ codes, ...kind }) => codes.map((code): [string, ErrorClass] => [code, kind])),
);

/** SQLSTATEs have five characters, of which the first two are the class. */
const SQL_STATE_FORM = /^[0-9A-Z]{5}$/;

const NO_ANSWER: ErrorClass = { words: "the database does not answer" };
const NO_SOCKET: ErrorClass = { words: "the database cannot be reached" };

/** The SQLSTATE of an error that PostgreSQL sent, or the code of postgres.js (`CONNECTION_CLOSED`) or Node (`ECONNREFUSED`). */
export function errorCode(error: unknown): string | undefined {
  const code: unknown = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : undefined;
}

/** The kind of an error; undefined when it is none of the database's state. */
export function errorClass(error: unknown): ErrorClass | undefined {
  if (error instanceof DeadlineError) return NO_ANSWER;
  const code = errorCode(error) ?? "";
  if (code === "ENOENT") return isConnecting(error) ? NO_SOCKET : undefined;
  return CLASS_OF_CODE.get(code) ?? (SQL_STATE_FORM.test(code) ? CLASS_OF_CODE.get(code.slice(0, 2)) : undefined);
}

/** The server's socket may be a file that is not there; any other file that is missing is a mistake of ours. */
function isConnecting(error: unknown): boolean {
  return typeof error === "object" && error !== null && "syscall" in error && error.syscall === "connect";
}

/** Whether running the whole transaction again can succeed. */
export function isRetryable(error: unknown): boolean {
  return errorClass(error)?.isRepeated === true;
}

/** Whether an error is the database's, whatever was asked of it: it says nothing about the request that met it. */
export function isOfDatabase(error: unknown): boolean {
  return errorClass(error) !== undefined;
}
