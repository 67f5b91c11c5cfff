import { clockOffset, median, type RateSample, rateOf, withAge, withSample } from "./meters.js";

describe("rateOf", () => {
  it("is the growth per second over the last five seconds", () => {
    const totals = [0, 10, 20, 30, 40, 50, 1_050];
    const samples = totals.reduce<readonly RateSample[]>(
      (all, total, second) => withSample(all, { atMs: second * 1_000, total }),
      [],
    );
    expect(rateOf(samples)).toBe((1_050 - 10) / 5);
  });

  it("is unknown with one sample", () => {
    expect(rateOf(withSample([], { atMs: 0, total: 7 }))).toBeUndefined();
  });
});

describe("the age of ticks", () => {
  it("is a median of recent ones, without those that were stored late", () => {
    const ages = [10, 30, 20, 3_600_000].reduce<readonly number[]>(withAge, []);
    expect(median(ages)).toBe(20);
    expect(median([])).toBeUndefined();
  });
});

describe("clockOffset", () => {
  it("is what a stamp lies outside the time in which it was made", () => {
    expect(clockOffset(150, 100, 200)).toBe(0);
    expect(clockOffset(5_200, 100, 200)).toBe(5_000);
    expect(clockOffset(40, 100, 200)).toBe(-60);
  });
});
