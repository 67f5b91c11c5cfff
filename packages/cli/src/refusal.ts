import { ProblemError } from "@fx-ohlc/client";

const HINTS: Readonly<Record<number, string>> = {
  401: "The token that was given is not known here, has expired or was revoked.",
  403: "The token was taken but may not do that: who administers the system can widen it, or make another (fx-ticks keys).",
  429: "The limits of the token are used up: try again later or more slowly, or ask for higher ones.",
};

const NO_TOKEN = "No token was given: set FX_TOKEN, or FX_TOKEN_FILE to the name of a file that holds it.";

/** What a person can do about a refusal; undefined for what is none. */
export function hintOf(error: unknown, hasToken: boolean): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (!(cause instanceof ProblemError)) continue;
    return cause.status === 401 && !hasToken ? NO_TOKEN : HINTS[cause.status];
  }
  return undefined;
}

/** Text without the tokens that a mistyped command line, which commander repeats, may hold. */
export function withoutTokens(text: string): string {
  return text.replace(/\bfxk_[\w-]+/g, "fxk_…").replace(/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, "eyJ…");
}
