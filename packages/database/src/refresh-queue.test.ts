import { US_PER_MINUTE } from "@fx-ohlc/schemas";
import fc from "fast-check";
import { lateWindows } from "./refresh-queue.js";

const MINUTE = US_PER_MINUTE;
const late = (symbol: string, fromUs: number, toUs: number) => ({ symbol, fromUs, toUs, reason: "late" });

test("a late tick is queued with its whole minute, and one that is not late with none", () => {
  const ticks = [
    { symbol: "EURUSD", timeUs: 3 * MINUTE + 1 },
    { symbol: "EURUSD", timeUs: 9 * MINUTE },
  ];
  expect(lateWindows(ticks, 9 * MINUTE)).toEqual([late("EURUSD", 3 * MINUTE, 4 * MINUTE)]);
});

test("minutes beside each other are one window, and those of another symbol, or with a minute between, are not", () => {
  const ticks = [
    { symbol: "EURUSD", timeUs: 0 },
    { symbol: "EURUSD", timeUs: MINUTE - 1 },
    { symbol: "EURUSD", timeUs: MINUTE },
    { symbol: "EURUSD", timeUs: 3 * MINUTE },
    { symbol: "USDJPY", timeUs: 4 * MINUTE },
  ];
  expect(lateWindows(ticks, 9 * MINUTE)).toEqual([
    late("EURUSD", 0, 2 * MINUTE),
    late("EURUSD", 3 * MINUTE, 4 * MINUTE),
    late("USDJPY", 4 * MINUTE, 5 * MINUTE),
  ]);
});

test("windows are exactly the minutes of late ticks, apart from each other, whatever the ticks are", () => {
  const tick = fc.record({
    symbol: fc.constantFrom("EURUSD", "USDJPY"),
    timeUs: fc.integer({ min: -20 * MINUTE, max: 20 * MINUTE }),
  });
  const lateBefore = fc.integer({ min: -20 * MINUTE, max: 20 * MINUTE });
  fc.assert(
    fc.property(fc.array(tick), lateBefore, (drawn, lateBeforeUs) => {
      const ticks = drawn.sort((a, b) => (a.symbol === b.symbol ? a.timeUs - b.timeUs : a.symbol < b.symbol ? -1 : 1));
      const windows = lateWindows(ticks, lateBeforeUs);
      const minutes = windows.flatMap(({ symbol, fromUs, toUs }) =>
        Array.from({ length: (toUs - fromUs) / MINUTE }, (_, minute) => `${symbol} ${fromUs / MINUTE + minute}`),
      );
      const expected = ticks
        .filter(({ timeUs }) => timeUs < lateBeforeUs)
        .map(({ symbol, timeUs }) => `${symbol} ${Math.floor(timeUs / MINUTE)}`);
      expect(minutes).toEqual([...new Set(expected)]);
      for (const [index, window] of windows.slice(1).entries()) {
        const before = windows[index];
        expect(before?.symbol !== window.symbol || before.toUs < window.fromUs).toBe(true);
      }
    }),
  );
});
