import { US_PER_DAY } from "@fx-ohlc/schemas";
import { SliceLength } from "./slice-length.js";

/** Takes slices of a length until there is enough, each of which costs so much at least. */
function after(slices: number, { leastMs, msPerDay }: { leastMs: number; msPerDay: number }): number {
  const slice = new SliceLength();
  for (let i = 0; i < slices; i += 1) slice.note(leastMs + (slice.us / US_PER_DAY) * msPerDay);
  return slice.us / US_PER_DAY;
}

test("slices of busy days get shorter, those of quiet ones longer", () => {
  expect(after(30, { leastMs: 20, msPerDay: 4000 })).toBeLessThan(0.1);
  expect(after(30, { leastMs: 20, msPerDay: 1 })).toBeGreaterThan(60);
});

test("what a slice costs however short it is makes it no shorter", () => {
  expect(after(100, { leastMs: 600, msPerDay: 10 })).toBe(1);
});
