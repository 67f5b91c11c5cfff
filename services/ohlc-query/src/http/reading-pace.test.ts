import { ReadingPace } from "./reading-pace.js";

const SECOND = 1000;

/** A reader that takes so much each second, after what the buffers on the way take at once. */
function paceOf(bytesPerS: number, seconds: number): ReadingPace {
  const pace = new ReadingPace(0);
  pace.note(8_000_000, 50);
  for (let at = 1; at <= seconds; at += 1) pace.note(bytesPerS, at * SECOND);
  return pace;
}

test("who takes 60 kB/s is slow soon after a minute, whatever the buffers on the way took before", () => {
  expect(paceOf(60_000, 59).isSlow(59 * SECOND)).toBe(false);
  expect(paceOf(60_000, 66).isSlow(66 * SECOND)).toBe(true);
  expect(paceOf(60_000, 66).bytesPerS(66 * SECOND)).toBeCloseTo(60_000, -4);
  expect(paceOf(70_000, 66).isSlow(66 * SECOND)).toBe(false);
});

test("who pauses may do so for a minute, however fast it was before", () => {
  const pace = paceOf(10_000_000, 600);
  expect(pace.isSlow(655 * SECOND)).toBe(false);
  expect(pace.isSlow(660 * SECOND)).toBe(true);
});

test("who goes on after a pause is not slow any more", () => {
  const pace = paceOf(0, 60);
  expect(pace.isSlow(70 * SECOND)).toBe(true);
  for (let at = 71; at < 130; at += 1) pace.note(1_000_000, at * SECOND);
  expect(pace.isSlow(130 * SECOND)).toBe(false);
});
