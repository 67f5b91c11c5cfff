import { WriteDoubt } from "./write-doubt.js";

test("a failure is tried again soon, repeated ones ever less often, and one long after the last soon again", () => {
  const clock = { ms: 0 };
  const doubt = new WriteDoubt(() => clock.ms);
  const waits: number[] = [];
  for (let failure = 0; failure < 10; failure += 1) {
    doubt.raise();
    const raisedMs = clock.ms;
    while (!doubt.isDue) clock.ms += 100;
    waits.push(clock.ms - raisedMs);
    doubt.settle();
  }
  expect(waits.slice(0, 4)).toEqual([400, 800, 1600, 3200]);
  expect(Math.max(...waits)).toBe(30_000);
  clock.ms += 60_001;
  doubt.raise();
  clock.ms += 400;
  expect([doubt.isRaised, doubt.isDue]).toEqual([true, true]);
});
