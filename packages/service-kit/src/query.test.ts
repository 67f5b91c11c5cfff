import { DeleteTickQuery, TickRangeQuery } from "@fx-ohlc/schemas";
import { Problem } from "./problem.js";
import { readQuery, refuseQuery } from "./query.js";

function refusal(target: string): Problem {
  try {
    readQuery(TickRangeQuery, target);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error(`${target} was not refused`);
}

const START = "start=2025-12-05T10:00:00Z";
const END = "end=2025-12-05T11:00:00%2B02:00";

describe("readQuery", () => {
  test("reads a query with escapes, and one that is absent", () => {
    expect(readQuery(TickRangeQuery, `/ticks?symbol=EUR%2FUSD&${START}&${END}`)).toMatchObject({
      symbol: "EURUSD",
      end: Date.UTC(2025, 11, 5, 9) * 1000,
    });
    expect(readQuery(DeleteTickQuery, "/ticks/x")).toEqual({});
  });

  test("answers an unknown parameter with 400, naming it and the known ones", () => {
    const problem = refusal(`/ticks?symbol=EURUSD&${START}&${END}&simbol=x`);
    expect(problem.status).toBe(400);
    expect(problem.errors).toEqual([{ field: "simbol", message: "unknown field (known: symbol, start, end, reason)" }]);
  });

  test.each(["__proto__=1", "constructor=1"])("answers the parameter %p with 400", (text) => {
    expect(refusal(`/ticks?symbol=EURUSD&${START}&${END}&${text}`).status).toBe(400);
  });

  test("answers a repeated parameter with 400", () => {
    const problem = refusal(`/ticks?symbol=EURUSD&symbol=GBPUSD&${START}&${END}`);
    expect(problem).toMatchObject({ status: 400, detail: "symbol must be given once" });
  });

  test("answers invalid and missing values with 422, naming each", () => {
    const problem = refusal("/ticks?symbol=EUR+USD&start=yesterday");
    expect(problem.status).toBe(422);
    expect(problem.errors.map(({ field }) => field)).toEqual(["symbol", "start", "end"]);
  });

  test.each(["symbol=%zz", "symbol=%", "symbol=%ff"])("answers the malformed escape %p with 400", (text) => {
    expect(() => readQuery(TickRangeQuery, `/ticks?${text}`)).toThrow(URIError);
  });
});

test("a path without parameters answers any with 400", () => {
  expect(() => refuseQuery("/symbols?")).not.toThrow();
  expect(() => refuseQuery("/symbols?symbol=EURUSD")).toThrow("symbol unknown parameter");
});
