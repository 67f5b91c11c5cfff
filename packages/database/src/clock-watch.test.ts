import { US_PER_HOUR, US_PER_SECOND } from "@fx-ohlc/schemas";
import { ClockWatch } from "./clock-watch.js";

const START_US = 1_700_000_000_000_000;
const reading = (databaseUs: number, monotonicMs: number, ownUs = databaseUs) => ({ databaseUs, ownUs, monotonicMs });

test("a clock that goes on with the monotonic one never jumps, however long nobody looked", () => {
  const watch = new ClockWatch();
  expect(watch.jump(reading(START_US, 5))).toBeUndefined();
  expect(watch.jump(reading(START_US + 90 * US_PER_HOUR, 5 + 90 * 3_600_000))).toBeUndefined();
});

test.each([
  [US_PER_HOUR, undefined],
  [-US_PER_HOUR, undefined],
  [US_PER_HOUR + US_PER_SECOND, "ahead by 1.0 h"],
  [-48 * US_PER_HOUR, "back by 48.0 h"],
])("a jump by %i µs is told as %s, once", (jumpUs, told) => {
  const watch = new ClockWatch();
  watch.jump(reading(START_US, 0));
  const jump = watch.jump(reading(START_US + jumpUs, 0));
  if (told === undefined) expect(jump).toBeUndefined();
  else expect(jump).toContain(told);
  expect(watch.jump(reading(START_US + jumpUs + US_PER_SECOND, 1000))).toBeUndefined();
});

test.each([
  [0, undefined],
  [-US_PER_HOUR, undefined],
  [2 * US_PER_HOUR, "2.0 h ahead of"],
  [-2 * US_PER_HOUR, "2.0 h behind"],
])("clocks that are %i µs apart disagree: %s", (apartUs, told) => {
  const disagreement = new ClockWatch().disagreement(reading(START_US + apartUs, 0, START_US));
  if (told === undefined) expect(disagreement).toBeUndefined();
  else expect(disagreement).toContain(told);
});
