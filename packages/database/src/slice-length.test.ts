import { US_PER_DAY } from "@fx-ohlc/schemas";
import { SliceLength } from "./slice-length.js";

/** The length in days after so many slices, each of which takes so long however short it is, and more for its length. */
function after(slices: number, { fixedMs, msPerDay }: { fixedMs: number; msPerDay: number }): number {
  const slice = new SliceLength();
  for (let i = 0; i < slices; i += 1) slice.note(fixedMs + (slice.us / US_PER_DAY) * msPerDay);
  return slice.us / US_PER_DAY;
}

test("slices of busy days get shorter, those of quiet ones longer", () => {
  expect(after(30, { fixedMs: 20, msPerDay: 4000 })).toBeLessThan(0.1);
  expect(after(30, { fixedMs: 20, msPerDay: 1 })).toBeGreaterThan(60);
});

test("what a slice costs however short it is makes none shorter", () => {
  expect(after(30, { fixedMs: 600, msPerDay: 1 })).toBeGreaterThan(60);
  expect(after(30, { fixedMs: 600, msPerDay: 4000 })).toBeLessThan(0.1);
});
