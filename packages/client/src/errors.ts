import type { FieldError } from "@fx-ohlc/schemas";

/** RFC 9457 problem document, as every error answer of the services carries one. */
export interface ProblemDocument {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  /** Every refused field. */
  readonly errors?: readonly FieldError[];
  readonly request_id?: string;
  readonly [extension: string]: unknown;
}

/** The address of a problem's type, which a service's answers lead to. */
const CODE = /\/problems\/([a-z_]+)$/;

/** A service answered with a status of 400 or more. */
export class ProblemError extends Error {
  override readonly name: string = "ProblemError";
  readonly status: number;
  readonly problem: ProblemDocument;
  /** What `Retry-After` asks for. */
  readonly retryAfterMs: number | undefined;

  constructor(problem: ProblemDocument, retryAfterMs?: number) {
    super(describeProblem(problem));
    this.status = problem.status;
    this.problem = problem;
    this.retryAfterMs = retryAfterMs;
  }

  /**
   * What kind of problem it is, in one word that stays the same while details are worded anew: `invalid`, `conflict`, `gone` and
   * so on, the last part of the document's `type`. Undefined for an answer that no service gave, such as a proxy's page.
   */
  get code(): string | undefined {
    return CODE.exec(this.problem.type)?.[1];
  }
}

/** 401: there is no token, or the server does not take it (any more). */
export class UnauthorizedError extends ProblemError {
  override readonly name = "UnauthorizedError";
}

/** 403: the token lacks the scope, or does not cover the symbol, that the problem's detail names. */
export class ForbiddenError extends ProblemError {
  override readonly name = "ForbiddenError";
}

/** No answer came: connection refused or cut, a name that does not resolve, or the time of the attempt ran out. */
export class UnreachableError extends Error {
  override readonly name = "UnreachableError";

  constructor(url: string, cause: unknown) {
    super(`${url} cannot be reached: ${describeCause(cause)}`, { cause });
  }
}

/** Field errors a message spells out; the rest is in the problem document. */
const FIELDS_IN_MESSAGE_MAX = 3;

function describeProblem({ status, title, detail = title, errors = [] }: ProblemDocument): string {
  const said = errors.slice(0, FIELDS_IN_MESSAGE_MAX).map(({ field, message }) => `${field} ${message}`.trim());
  // Where one field is all that is wrong, the detail says the same.
  const fields = said.filter((text) => text !== detail);
  const more = errors.length > FIELDS_IN_MESSAGE_MAX ? [`and ${errors.length - FIELDS_IN_MESSAGE_MAX} more`] : [];
  return [`${status} ${detail}`, ...fields, ...more].join("; ");
}

/** The innermost words: fetch wraps "connect ECONNREFUSED …" in "fetch failed", once more for a host with two addresses. */
function describeCause(error: unknown): string {
  if (typeof error !== "object" || error === null) return String(error);
  if ("errors" in error && Array.isArray(error.errors)) return describeCause(error.errors[0]);
  if ("cause" in error && error.cause !== undefined) return describeCause(error.cause);
  return "message" in error ? String(error.message) : String(error);
}

/** Seconds, or an HTTP date, which is compared with the time the server says it is: this machine's clock may be another. */
function parseRetryAfter(headers: Headers): number | undefined {
  const header = headers.get("retry-after");
  if (header === null) return undefined;
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  const waitMs = Date.parse(header) - Date.parse(headers.get("date") ?? "");
  return Number.isNaN(waitMs) ? undefined : Math.max(0, waitMs);
}

function errorOf(problem: ProblemDocument, retryAfterMs: number | undefined): ProblemError {
  if (problem.status === 401) return new UnauthorizedError(problem, retryAfterMs);
  if (problem.status === 403) return new ForbiddenError(problem, retryAfterMs);
  return new ProblemError(problem, retryAfterMs);
}

/** What a failed answer is known by. */
export type FailedAnswer = Pick<Response, "status" | "statusText" | "headers">;

/** The problem document of a failed answer; one is made up for an answer that has none, such as a proxy's page. */
export function problemOf({ status, statusText, headers }: FailedAnswer, text: string): ProblemError {
  const retryAfterMs = parseRetryAfter(headers);
  const made = { type: "about:blank", title: statusText || "request failed", status };
  if (!/\bjson\b/.test(headers.get("content-type") ?? "")) return errorOf(made, retryAfterMs);
  try {
    const problem: object = JSON.parse(text);
    return errorOf({ ...made, ...problem, status }, retryAfterMs);
  } catch {
    return errorOf(made, retryAfterMs);
  }
}
