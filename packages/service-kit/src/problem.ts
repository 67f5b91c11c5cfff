import type { FieldError } from "@fx-ohlc/schemas";

/** Every way a request can fail: the one table of error codes. `/problems/<code>` is the problem's type URI. */
export const PROBLEMS = {
  malformed: { status: 400, title: "Malformed request" },
  unauthorized: { status: 401, title: "Authentication required" },
  forbidden: { status: 403, title: "Not allowed" },
  not_found: { status: 404, title: "Not found" },
  method_not_allowed: { status: 405, title: "Method not allowed" },
  not_acceptable: { status: 406, title: "No such format" },
  request_timeout: { status: 408, title: "Request not finished in time" },
  conflict: { status: 409, title: "Conflict with what is stored" },
  gone: { status: 410, title: "No longer kept" },
  too_large: { status: 413, title: "Request too large" },
  unsupported_media_type: { status: 415, title: "Unsupported media type" },
  range_not_satisfiable: { status: 416, title: "No such part" },
  misdirected: { status: 421, title: "Not addressed to this server" },
  invalid: { status: 422, title: "Invalid values" },
  older_than_retention: { status: 422, title: "Older than what is kept" },
  too_many_requests: { status: 429, title: "Too many requests" },
  headers_too_large: { status: 431, title: "Headers too large" },
  internal: { status: 500, title: "Internal error" },
  unavailable: { status: 503, title: "Temporarily unavailable" },
  timeout: { status: 504, title: "Took too long" },
  http_version: { status: 505, title: "HTTP version not supported" },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

/** The type URIs of all of them. */
export const PROBLEM_TYPES = Object.keys(PROBLEMS).map((code) => `/problems/${code}`) as [
  // One for each key of the table, which has some.
  `/problems/${ProblemCode}`,
  ...`/problems/${ProblemCode}`[],
];

/** What a problem may say besides its code and detail. */
export interface ProblemOptions {
  /** Every refused field. */
  readonly errors?: readonly FieldError[];
  /** Sent as `Retry-After`, whole seconds; 429 and 503 have 1 without it. */
  readonly retryAfterS?: number;
  /** Further members of the document, such as how much was stored before the failure. */
  readonly extensions?: Readonly<Record<string, unknown>>;
  /** Headers that belong to the answer besides `Retry-After`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** For the log only. */
  readonly cause?: unknown;
}

/** Thrown anywhere below a request, answered as `application/problem+json`. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly errors: readonly FieldError[];
  readonly retryAfterS: number | undefined;
  readonly extensions: Readonly<Record<string, unknown>>;
  /** Sent with the document, `Retry-After` among them. */
  readonly headers: Readonly<Record<string, string>>;

  /** @param detail shown to the sender: no internals in it */
  constructor(
    readonly code: ProblemCode,
    readonly detail: string,
    options: ProblemOptions = {},
  ) {
    super(detail, { cause: options.cause });
    this.errors = options.errors ?? [];
    this.extensions = options.extensions ?? {};
    this.retryAfterS = options.retryAfterS ?? (this.status === 429 || this.status === 503 ? 1 : undefined);
    const retry = this.retryAfterS === undefined ? {} : { "Retry-After": String(this.retryAfterS) };
    this.headers = { ...options.headers, ...retry };
  }

  get status(): number {
    return PROBLEMS[this.code].status;
  }
}

/** A request that makes no sense whatever its values are: 400 naming every parameter concerned. */
export function malformed(errors: readonly FieldError[]): Problem {
  return new Problem("malformed", summary(errors), { errors });
}

/** A well-formed request with refused values: 422 naming every one of them. */
export function invalid(errors: readonly FieldError[], options: ProblemOptions = {}): Problem {
  return new Problem("invalid", summary(errors), { ...options, errors });
}

/** Something this service depends on is away: 503 with `Retry-After`. */
export function unavailable(what: string, cause?: unknown): Problem {
  return new Problem("unavailable", `${what} is not available at the moment`, { cause });
}

/**
 * The first refused field in one sentence, for those who read only `detail`.
 *
 * @param count how many there are, where not all of them were kept
 */
export function summary(errors: readonly FieldError[], count = errors.length): string {
  const [first] = errors;
  if (first === undefined) return "The request is not valid.";
  const more = count === 1 ? "" : ` (and ${count - 1} more)`;
  return `${first.field === "" ? "the body" : first.field} ${first.message}${more}`;
}

/** The RFC 9457 document of a problem. */
export function problemDocument(problem: Problem, requestId: string): Record<string, unknown> {
  const { code, status, detail, errors, extensions } = problem;
  return {
    type: `/problems/${code}`,
    title: PROBLEMS[code].title,
    status,
    detail,
    ...(errors.length === 0 ? {} : { errors }),
    ...extensions,
    request_id: requestId,
  };
}
