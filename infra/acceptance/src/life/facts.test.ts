import { DAY_US, HOUR_US } from "./buckets.js";
import { dueMarkUs, type Facts, horizonUs, MarkWatch } from "./facts.js";

const NOW_US = 100 * DAY_US + 5 * HOUR_US + 1;
const facts = (markDays: number, keepDays = 8): Facts => ({
  nowUs: NOW_US,
  markUs: markDays * DAY_US,
  keepDays,
  newestDayEndUs: NOW_US,
  heldBecause: undefined,
});

test("what is older than is kept is refused from a whole minute on, and dropped in whole days", () => {
  expect(horizonUs(facts(0))).toBe(92 * DAY_US + 5 * HOUR_US + 60_000_000);
  expect(dueMarkUs(facts(0))).toBe(92 * DAY_US);
  expect(dueMarkUs({ ...facts(0), newestDayEndUs: 90 * DAY_US + HOUR_US })).toBe(82 * DAY_US);
  expect(horizonUs(facts(95))).toBe(95 * DAY_US);
  expect(horizonUs(facts(95, 0))).toBe(95 * DAY_US);
});

test("the mark may go as far as has expired, or where somebody dropped by hand, and never back", () => {
  const watch = new MarkWatch(facts(0, 0));
  expect(watch.check(facts(92))).toHaveLength(1);
  watch.allow(facts(0));
  expect(watch.check(facts(92))).toEqual([]);
  expect(watch.check(facts(91))).toHaveLength(1);
  watch.allowByHand(95 * DAY_US);
  expect(watch.check(facts(95))).toEqual([]);
  expect(watch.check(facts(95.5))).toHaveLength(2);
});
