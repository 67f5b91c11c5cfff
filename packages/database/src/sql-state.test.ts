import { DeadlineError, Problem } from "@fx-ohlc/service-kit";
import { IncompatibleSchemaError } from "./settings.js";
import { errorClass, isOfDatabase, isRetryable } from "./sql-state.js";
import { DatabaseUnavailableError, databaseProblem } from "./unavailable.js";

const withCode = (code: string) => Object.assign(new Error("a text that nobody is shown"), { code });

describe("an error of the database is answered in words of its own, repeated where that helps, and stops writes where it lasts", () => {
  const rows: [code: string, words: string, isRepeated: boolean, stopsWrites: boolean][] = [
    ["08006", "cannot be reached", false, false],
    ["08P01", "cannot be reached", false, false],
    ["ECONNREFUSED", "cannot be reached", false, false],
    ["CONNECTION_CLOSED", "cannot be reached", false, false],
    ["57P03", "starting up", false, false],
    ["57P01", "ended the connection", false, false],
    ["57P02", "ended the connection", false, false],
    ["57P04", "no such database", false, false],
    ["3D000", "no such database", false, false],
    ["53300", "no connection left", false, false],
    ["53200", "out of memory", false, false],
    ["53400", "one of its limits", false, false],
    ["53100", "disk is full", false, true],
    ["58030", "cannot use its files", false, true],
    ["XX001", "cannot use its files", false, true],
    ["25006", "read-only", false, true],
    ["25P03", "idle transaction", true, false],
    ["40001", "too many writers", true, false],
    ["40P01", "too many writers", true, false],
    ["23505", "too many writers", true, false],
    ["55006", "in use by somebody else", true, false],
    ["28P01", "refuses this user", false, false],
    ["28000", "refuses this user", false, false],
    ["42501", "may not do this", false, false],
    ["42P01", "run fx-migrate", false, true],
    ["42703", "run fx-migrate", false, true],
    ["42P07", "run fx-migrate", false, true],
    ["3F000", "run fx-migrate", false, true],
  ];
  test.each(rows)("%s is a 503: %s", (code, words, isRepeated, stopsWrites) => {
    const error = withCode(code);
    expect(databaseProblem(error)).toMatchObject({
      status: 503,
      retryAfterS: 1,
      detail: expect.stringContaining(words),
    });
    expect(isRetryable(error)).toBe(isRepeated);
    expect(errorClass(error)?.stopsWrites === true).toBe(stopsWrites);
    expect(isOfDatabase(error)).toBe(true);
  });

  test.each([
    ["57014", "took too long", false],
    ["55P03", "locked for too long", true],
  ])("%s is a 504, which nobody is asked to repeat: %s", (code, words, isRepeated) => {
    const error = withCode(code);
    const problem = databaseProblem(error);
    expect(problem).toMatchObject({ status: 504, detail: expect.stringContaining(words) });
    expect(problem?.retryAfterS).toBeUndefined();
    expect(isRetryable(error)).toBe(isRepeated);
    expect(isOfDatabase(error)).toBe(true);
  });

  test("a missing file is the database's only where it is its socket", () => {
    const noSocket = Object.assign(withCode("ENOENT"), { syscall: "connect" });
    expect(databaseProblem(noSocket)).toMatchObject({ status: 503, detail: "the database cannot be reached" });
    expect(databaseProblem(Object.assign(withCode("ENOENT"), { syscall: "open" }))).toBeUndefined();
  });

  test("a server that does not answer, and a schema that does not fit, are told too", () => {
    expect(databaseProblem(new DeadlineError("x", 1))?.detail).toContain("does not answer");
    expect(databaseProblem(new IncompatibleSchemaError("version 3: run fx-migrate"))).toMatchObject({
      ...{ status: 503, detail: "version 3: run fx-migrate" },
    });
    expect(databaseProblem(new DatabaseUnavailableError("gone"))).toBeInstanceOf(Problem);
  });

  test.each(["22012", "42601", "XX000", "P0001", "0A000", "ERR_INVALID_ARG_TYPE", ""])(
    "%p is a mistake of ours",
    (code) => {
      expect(databaseProblem(withCode(code))).toBeUndefined();
      expect(isOfDatabase(withCode(code))).toBe(false);
    },
  );
});
