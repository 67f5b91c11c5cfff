import { Staleness } from "./staleness.js";
import { TokenBucket } from "./token-bucket.js";

describe("staleness", () => {
  test("is the age of the oldest ping without an answer", () => {
    const staleness = new Staleness();
    expect(staleness.ageMs(5000)).toBe(0);
    staleness.sent(1000);
    staleness.sent(1500);
    expect(staleness.ageMs(2000)).toBe(1000);
    staleness.answered(1000);
    expect(staleness.ageMs(2000)).toBe(500);
    staleness.answered(1500);
    expect([staleness.ageMs(2000), staleness.isWaiting]).toEqual([0, false]);
  });

  test("ends with the answer to the newest ping, which says that all before were read", () => {
    const staleness = new Staleness();
    for (const atMs of [1, 2, 3]) staleness.sent(atMs);
    staleness.answered(3);
    expect(staleness.isWaiting).toBe(false);
  });

  test("is not fooled by answers to pings that were never sent", () => {
    const staleness = new Staleness();
    staleness.sent(1000);
    for (const madeUp of [999, 1001, Number.NaN, Number.POSITIVE_INFINITY]) staleness.answered(madeUp);
    expect(staleness.ageMs(1400)).toBe(400);
  });
});

describe("a token bucket", () => {
  test("gives its burst at once and then its rate, and never saves up more than the burst", () => {
    const bucket = new TokenBucket(10, 3, 0);
    const taken = (nowMs: number) => {
      let count = 0;
      while (bucket.take(nowMs)) count += 1;
      return count;
    };
    expect([taken(0), taken(50), taken(100), taken(400), taken(1_000_000)]).toEqual([3, 0, 1, 3, 3]);
  });
});
