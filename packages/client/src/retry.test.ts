import { ProblemError, UnreachableError } from "./errors.js";
import { backoffMs, retryDelayMs, sleep } from "./retry.js";

const policy = { attemptsMax: 4, baseMs: 100, capMs: 1_000 };
const problem = (status: number, retryAfterMs?: number) =>
  new ProblemError({ type: "about:blank", title: "refused", status }, retryAfterMs);

describe("retryDelayMs", () => {
  it("waits anything from nothing to a bound that doubles up to the cap", () => {
    const unreachable = new UnreachableError("http://x", new Error("refused"));
    expect(retryDelayMs(unreachable, 1, policy, () => 0)).toBe(0);
    expect([1, 2, 3].map((attempt) => retryDelayMs(unreachable, attempt, policy, () => 1))).toEqual([100, 200, 400]);
    expect(backoffMs(30, policy, () => 1)).toBe(1_000);
  });

  it("waits at least as long as the service asks", () => {
    expect(retryDelayMs(problem(503, 3_000), 1, policy, () => 0)).toBe(3_000);
    expect(retryDelayMs(problem(429, 3_000), 1, policy, () => 0.5)).toBe(3_050);
  });

  it("gives up when the service asks for more than a minute", () => {
    expect(retryDelayMs(problem(503, 61_000), 1, policy, () => 0)).toBeUndefined();
  });

  it("gives up after the last attempt", () => {
    expect(retryDelayMs(problem(503), 4, policy, () => 0)).toBeUndefined();
  });

  it.each([400, 404, 409, 413, 422, 500, 504])("does not repeat a %d, which would be answered the same", (status) => {
    expect(retryDelayMs(problem(status), 1, policy, () => 0)).toBeUndefined();
  });
});

describe("sleep", () => {
  it("ends with the signal's reason as soon as it aborts", async () => {
    const aborter = new AbortController();
    const waiting = sleep(60_000, aborter.signal);
    aborter.abort(new Error("stop"));
    await expect(waiting).rejects.toThrow("stop");
    await expect(sleep(60_000, aborter.signal)).rejects.toThrow("stop");
  });
});
