import { HealthProblem, Problem } from "@fx-ohlc/service-kit";
import { IncompatibleSchemaError } from "./settings.js";
import { errorClass } from "./sql-state.js";

/** The database cannot be used just now. Nothing was done, or its outcome is unknown. Its message is for everybody. */
export class DatabaseUnavailableError extends HealthProblem {
  override readonly name = "DatabaseUnavailableError";

  constructor(message = "the database is not available", options?: ErrorOptions) {
    super(message, options);
  }
}

/** What an error says about the database, without the texts of others. */
export function unavailableBecause(error: unknown): DatabaseUnavailableError {
  if (error instanceof DatabaseUnavailableError) return error;
  const words = error instanceof IncompatibleSchemaError ? error.message : errorClass(error)?.words;
  return new DatabaseUnavailableError(words, { cause: error });
}

/**
 * The problem that answers an error of the database: 503 with `Retry-After`, or 504 where it took too long; undefined for any
 * other error.
 */
export function databaseProblem(error: unknown): Problem | undefined {
  const kind = errorClass(error);
  const isKnown =
    kind !== undefined || error instanceof DatabaseUnavailableError || error instanceof IncompatibleSchemaError;
  if (!isKnown) return undefined;
  return new Problem(kind?.isSlow === true ? "timeout" : "unavailable", unavailableBecause(error).message, {
    cause: error,
  });
}
