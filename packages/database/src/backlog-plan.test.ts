import { US_PER_DAY, US_PER_HOUR, US_PER_MINUTE } from "@fx-ohlc/schemas";
import fc from "fast-check";
import { nextStep } from "./backlog-plan.js";
import type { QueuedWindow } from "./refresh-queue.js";

/** One that begins `fromMinutes` after 1970. */
function window(fromMinutes: number, minutes = 1, id = fromMinutes): QueuedWindow {
  const fromUs = fromMinutes * US_PER_MINUTE;
  return { id, symbol: "A", fromUs, toUs: fromUs + minutes * US_PER_MINUTE, reason: "late" };
}

/** As the queue is read. */
function newestFirst(windows: readonly QueuedWindow[]): QueuedWindow[] {
  return [...windows].sort((a, b) => b.fromUs - a.fromUs);
}

const MINUTES_PER_DAY = 1440;

test("scattered windows are taken newest first, as many as one step takes", () => {
  const windows = newestFirst(Array.from({ length: 1000 }, (_, day) => window(day * MINUTES_PER_DAY)));
  const step = nextStep(windows, US_PER_DAY);
  expect(step).toEqual({ kind: "buckets", windows: windows.slice(0, 250) });
});

test("windows that make up hours on end are a range, and the newest slice of it comes first", () => {
  const windows = newestFirst(Array.from({ length: 48 }, (_, hour) => window(hour * 60, 30)));
  const step = nextStep(windows, 10 * US_PER_HOUR);
  const toUs = 47.5 * US_PER_HOUR;
  expect(step).toMatchObject({ kind: "range", range: { fromUs: toUs - 10 * US_PER_HOUR, toUs } });
  expect(step.windows).toEqual(windows.slice(0, 10));
});

test("scattered windows before a range do not wait for it, nor is it taken with them", () => {
  const scattered = [window(900 * MINUTES_PER_DAY), window(800 * MINUTES_PER_DAY)];
  const range = window(0, 2 * MINUTES_PER_DAY);
  expect(nextStep([...scattered, range], US_PER_DAY)).toEqual({ kind: "buckets", windows: scattered });
  expect(nextStep([range], US_PER_DAY)).toEqual({
    kind: "range",
    windows: [range],
    range: { fromUs: US_PER_DAY, toUs: 2 * US_PER_DAY },
  });
});

test("every step takes something, of the newest run, and a range holds what it takes or its newest part", () => {
  const some = fc.record({ from: fc.nat(30 * MINUTES_PER_DAY), minutes: fc.integer({ min: 1, max: 900 }) });
  fc.assert(
    fc.property(fc.array(some, { minLength: 1, maxLength: 60 }), fc.integer({ min: 1, max: 200 }), (all, hours) => {
      const windows = newestFirst(all.map(({ from, minutes }, id) => window(from, minutes, id)));
      const step = nextStep(windows, hours * US_PER_HOUR);
      expect(step.windows.length).toBeGreaterThan(0);
      if (step.kind === "buckets") return expect(windows.slice(0, step.windows.length)).toEqual(step.windows);
      expect(step.range.toUs - step.range.fromUs).toBeLessThanOrEqual(hours * US_PER_HOUR);
      for (const { fromUs, toUs } of step.windows) {
        expect(toUs).toBeGreaterThan(step.range.fromUs);
        expect(toUs).toBeLessThanOrEqual(step.range.toUs);
        expect(fromUs).toBeLessThan(step.range.toUs);
      }
    }),
  );
});
