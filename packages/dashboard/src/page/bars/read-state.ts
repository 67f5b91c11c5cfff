import { ForbiddenError, UnauthorizedError } from "@fx-ohlc/client";

/** How the reading of bars or ticks is getting on. */
export interface ReadState {
  /** `forbidden`: this tab's key does not open it, or there is none. Trying again would change nothing. */
  readonly status: "loading" | "ready" | "failed" | "forbidden";
  readonly error?: string;
}

/** What a failed reading is, in words. */
export function failureOf(error: unknown): ReadState {
  if (error instanceof UnauthorizedError) return { status: "forbidden", error: "Sign in with a key." };
  if (error instanceof ForbiddenError) return { status: "forbidden", error: error.problem.detail ?? error.message };
  return { status: "failed", error: error instanceof Error ? error.message : String(error) };
}
