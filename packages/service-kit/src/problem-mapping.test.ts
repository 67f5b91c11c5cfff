import { DeadlineError } from "./deadline.js";
import { invalid, Problem, problemDocument } from "./problem.js";
import { problemOf } from "./problem-mapping.js";

describe("problemOf", () => {
  test("leaves a problem as it is", () => {
    const problem = new Problem("conflict", "taken");
    expect(problemOf(problem)).toBe(problem);
  });

  test("asks the service's own mapping first", () => {
    const own = new Problem("older_than_retention", "too old");
    expect(problemOf(new DeadlineError("x", 1), () => own)).toBe(own);
    expect(problemOf(new DeadlineError("x", 1), () => undefined).code).toBe("unavailable");
  });

  test.each([
    ["entity.parse.failed", 400, "malformed"],
    ["entity.too.large", 413, "too_large"],
    ["encoding.unsupported", 415, "unsupported_media_type"],
    ["request.aborted", 400, "malformed"],
  ])("maps the body parser's %s to %i %s", (type, status, code) => {
    expect(problemOf(Object.assign(new Error("x"), { type, status }))).toMatchObject({ code, status });
  });

  test("maps a malformed percent-escape to 400", () => {
    expect(problemOf(new URIError("URI malformed")).status).toBe(400);
  });

  test.each([
    [new Error("password=hunter2")],
    ["a string"],
    [undefined],
    [Object.assign(new Error("x"), { status: 500 })],
  ])("says nothing about the inside for %p", (error) => {
    const problem = problemOf(error);
    expect(problem.status).toBe(500);
    expect(JSON.stringify(problemDocument(problem, "r"))).not.toMatch(/hunter2|a string/);
  });
});

describe("Problem", () => {
  test("becomes an RFC 9457 document with its errors, extensions and request id", () => {
    const errors = [
      { field: "[3].price", message: "must be a number" },
      { field: "[4].time", message: "is missing" },
    ];
    expect(problemDocument(invalid(errors, { extensions: { created: 17 } }), "req-1")).toEqual({
      type: "/problems/invalid",
      title: "Invalid values",
      status: 422,
      detail: "[3].price must be a number (and 1 more)",
      errors,
      created: 17,
      request_id: "req-1",
    });
  });

  test("asks to retry after a second on 429 and 503 unless told otherwise, and never on others", () => {
    expect(new Problem("too_many_requests", "slow down").retryAfterS).toBe(1);
    expect(new Problem("unavailable", "away", { retryAfterS: 5 }).retryAfterS).toBe(5);
    expect(new Problem("conflict", "taken").retryAfterS).toBeUndefined();
  });
});
