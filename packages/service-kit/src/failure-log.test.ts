import { PassThrough } from "node:stream";
import { FailureLog } from "./failure-log.js";
import { createLogger } from "./logger.js";
import { Problem } from "./problem.js";

const withCode = (code: string) => Object.assign(new Error(`failed at ${Math.random()}`), { code });
const away = (code: string) => new Problem("unavailable", "the database cannot be reached", { cause: withCode(code) });

/** A log, and the lines it has written so far. */
function recording() {
  const destination = new PassThrough({ encoding: "utf8" });
  const lines: Record<string, unknown>[] = [];
  destination.on("data", (line: string) => lines.push(JSON.parse(line)));
  return { log: new FailureLog(createLogger({ service: "test", level: "info", destination })), lines };
}

describe("failures", () => {
  beforeEach(() => void jest.useFakeTimers({ doNotFake: ["nextTick", "setImmediate"] }));
  afterEach(() => void jest.useRealTimers());

  test("are logged once for each kind, with their cause, and counted after that", async () => {
    const { log, lines } = recording();
    for (const id of ["a", "b", "c"]) log.note(away("ECONNREFUSED"), id);
    log.note(away("57P03"), "d");
    log.note(new Problem("internal", "oh", { cause: new TypeError("a bug") }), "e");
    await jest.advanceTimersByTimeAsync(59_000);
    expect(lines).toMatchObject([
      { level: "warn", request_id: "a", status: 503, error: { code: "ECONNREFUSED" } },
      { level: "warn", request_id: "d", status: 503, error: { code: "57P03" } },
      { level: "error", request_id: "e", status: 500, error: { name: "TypeError", message: "a bug" } },
    ]);
    await jest.advanceTimersByTimeAsync(2000);
    expect(lines.slice(3)).toMatchObject([{ request_id: "c", repeated: 2, error: { code: "ECONNREFUSED" } }]);
    log.note(away("ECONNREFUSED"), "f");
    await jest.advanceTimersByTimeAsync(0);
    expect(lines.at(-1)).toMatchObject({ request_id: "f" });
    expect(lines).toHaveLength(5);
  });

  test("that nobody could ever repeat alike do not fill the memory or the log", async () => {
    const { log, lines } = recording();
    for (let i = 0; i < 1000; i += 1) log.note(away(`E${i}`), String(i));
    await jest.advanceTimersByTimeAsync(0);
    expect(lines.length).toBeLessThanOrEqual(101);
  });

  test("are only those of this side", async () => {
    const { log, lines } = recording();
    log.note(new Problem("invalid", "no"), "a");
    await jest.advanceTimersByTimeAsync(0);
    expect(lines).toEqual([]);
  });
});
