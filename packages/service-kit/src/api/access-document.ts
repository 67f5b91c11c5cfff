import type { JsonSchema } from "@fx-ohlc/schemas";
import type { RouteAccess } from "../access.js";
import { PROBLEMS, Problem, type ProblemCode, problemDocument } from "../problem.js";
import type { Components } from "./components.js";
import { headersOf, type ShownHeaders } from "./headers.js";
import { ProblemDocument, problemSchema } from "./problem-document.js";
import type { RouteDeclaration } from "./route.js";

/** How a caller shows who it is. */
export const SECURITY_SCHEMES = {
  bearer: {
    type: "http",
    scheme: "bearer",
    description: "An API key (`fxk_…`) or a JWT. With `AUTH=off` none is needed.",
  },
  ticket: {
    type: "apiKey",
    in: "query",
    name: "ticket",
    description: "Of `POST /tickets`, for the WebSockets of browsers: once, within 30 s.",
  },
  key_in_url: {
    type: "apiKey",
    in: "query",
    name: "token",
    description: "An API key made with `in_url`, for callers that cannot set headers.",
  },
} as const satisfies JsonSchema;

type SchemeName = keyof typeof SECURITY_SCHEMES;

/** Scopes that a key in a URL may hold. */
const IN_URL: readonly RouteAccess[] = ["read", "write"];

/** Which schemes open a route, with the scope that each must hold, and the same in a sentence. */
export function securityOf({ access }: Pick<RouteDeclaration, "access">): {
  readonly security: readonly Partial<Record<SchemeName, readonly string[]>>[];
  readonly sentence?: string;
} {
  if (access === "public") return { security: [] };
  const roles = access === "any-token" ? [] : [access];
  return {
    security: [
      { bearer: roles },
      ...(access === "stream" ? [{ ticket: roles }] : []),
      ...(IN_URL.includes(access) ? [{ key_in_url: roles }] : []),
    ],
    sentence: access === "any-token" ? "Needs any token." : `Needs the scope \`${access}\`.`,
  };
}

/** Refusals for want of access, by status. */
const REFUSALS = {
  401: {
    code: "unauthorized",
    detail: "Show a token: Authorization: Bearer …",
    headers: { "WWW-Authenticate": "always" },
  },
  403: { code: "forbidden", detail: "This token has not the scope read." },
  421: { code: "misdirected", detail: "Nothing is served by this name: see ALLOWED_HOSTS." },
  429: {
    code: "too_many_requests",
    detail: "This token may make 100 requests a second.",
    headers: { "Retry-After": "always", RateLimit: "always", "RateLimit-Policy": "always" },
  },
  503: {
    code: "unavailable",
    detail: "The list of keys is not available at the moment",
    headers: { "Retry-After": "always" },
  },
} as const satisfies Readonly<Record<number, Refusal>>;

interface Refusal {
  readonly code: ProblemCode;
  /** Of the example. */
  readonly detail: string;
  readonly headers?: ShownHeaders;
}

const EXAMPLE_ID = "6f1f7f0e-6d0c-4d0e-9a53-8d6f6f0f4c6a";

/** The answers that routes share because access to them is judged in one place: each is in the document once. */
export class AccessAnswers {
  readonly #responses = new Map<string, JsonSchema>();

  constructor(private readonly components: Components) {}

  /** In the order of their names. */
  get responses(): Readonly<Record<string, JsonSchema>> {
    return Object.fromEntries([...this.#responses].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** References to those that a route may give. */
  of({ access, anyHost, refusals }: RouteDeclaration): Readonly<Record<string, JsonSchema>> {
    const guarded = access === "public" ? [] : access === "any-token" ? [401, 429, 503] : [401, 403, 429, 503];
    const statuses = anyHost === true ? guarded : [...guarded, 421];
    const shown = Object.entries(REFUSALS).filter(([status]) => statuses.includes(Number(status)));
    return Object.fromEntries(shown.map(([status, refusal]) => [status, this.#ref(refusal, refusals)]));
  }

  #ref(refusal: Refusal, own: RouteDeclaration["refusals"]): JsonSchema {
    const name = `${own?.name ?? ""}${PROBLEMS[refusal.code].title.replaceAll(" ", "_")}`;
    if (!this.#responses.has(name)) this.#responses.set(name, this.#response(refusal, own));
    return { $ref: `#/components/responses/${name}` };
  }

  #response({ code, detail, headers }: Refusal, own: RouteDeclaration["refusals"]): JsonSchema {
    const problem = problemDocument(new Problem(code, detail), EXAMPLE_ID);
    const content =
      own === undefined
        ? {
            "application/problem+json": {
              schema: this.components.of(problemSchema(ProblemDocument, [code])),
              example: problem,
            },
          }
        : Object.fromEntries(
            Object.entries(own.content).map(([type, body]) => [type, { schema: this.components.of(body) }]),
          );
    return {
      description: `${PROBLEMS[code].title} (\`/problems/${code}\`).`,
      headers: headersOf({ "X-Request-Id": "always", ...headers, ...own?.headers }),
      content,
    };
  }
}
