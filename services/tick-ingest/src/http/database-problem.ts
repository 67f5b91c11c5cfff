import { DatabaseUnavailableError, isRetryable, isUnavailable } from "@fx-ohlc/database";
import { type Problem, unavailable } from "@fx-ohlc/service-kit";

/** The problem for an error of the database; undefined for any other error. */
export function databaseProblem(error: unknown): Problem | undefined {
  if (error instanceof DatabaseUnavailableError || isUnavailable(error) || isRetryable(error)) {
    return unavailable("the database", error);
  }
  return undefined;
}
