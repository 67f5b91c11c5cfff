import { types } from "node:util";

/** What was thrown, as an error. Errors of another realm, as in tests, are no instances of this one's class. */
export function asError(thrown: unknown): Error {
  return types.isNativeError(thrown) ? thrown : new Error(String(thrown));
}
