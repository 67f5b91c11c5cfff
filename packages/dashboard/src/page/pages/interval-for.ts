import type { Interval } from "@fx-ohlc/schemas/interval";

const HOUR_MS = 3_600_000;
/** Up to how long a stretch is shown in which interval: some hundred bars, which a screen has room for. */
const STEPS: readonly (readonly [number, Interval])[] = [
  [12 * HOUR_MS, "1m"],
  [48 * HOUR_MS, "5m"],
  [240 * HOUR_MS, "30m"],
  [960 * HOUR_MS, "2h"],
];

/** The interval that a stretch of time is well seen in. */
export function intervalFor(lengthMs: number): Interval {
  return STEPS.find(([longestMs]) => lengthMs <= longestMs)?.[1] ?? "1d";
}
