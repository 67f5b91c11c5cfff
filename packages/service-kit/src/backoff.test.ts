import { fullJitterMs } from "./backoff.js";

describe("fullJitterMs", () => {
  const backoff = { baseMs: 50, maxMs: 2000 };

  test("doubles its bound from base to maximum and stays there for ever", () => {
    const almostOne = () => 0.999_999;
    const waits = [0, 1, 2, 5, 6, 1000, 1e9].map((attempt) => fullJitterMs(attempt, backoff, almostOne));
    expect(waits).toEqual([49, 99, 199, 1599, 1999, 1999, 1999]);
  });

  test("may be anything from 0 up to the bound", () => {
    expect(fullJitterMs(3, backoff, () => 0)).toBe(0);
    expect(fullJitterMs(3, backoff, () => 0.5)).toBe(200);
  });
});
