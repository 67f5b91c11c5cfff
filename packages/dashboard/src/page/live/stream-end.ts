import { ForbiddenError, StreamClosedError, UnauthorizedError } from "@fx-ohlc/client";

/** The close code of a stream whose key has ended. */
const UNAUTHORIZED = 4001;

/** Whether a stream was closed for good because there is no key, or it is none any more. */
export function isUnauthorized(error: Error | undefined): boolean {
  return error instanceof UnauthorizedError || (error instanceof StreamClosedError && error.code === UNAUTHORIZED);
}

/** Why a stream was closed for good, in words, where another key would open it. */
export function closedText(error: Error | undefined): string | undefined {
  if (isUnauthorized(error)) return "sign in with a key.";
  return error instanceof ForbiddenError ? (error.problem.detail ?? error.message) : undefined;
}
