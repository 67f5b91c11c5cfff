import type { Interval } from "@fx-ohlc/schemas/interval";
import { CHART_INTERVALS } from "../view.js";

const KEY = "fx-ohlc.intervals";
/** In the toolbar until somebody chooses others. */
const FIRST: readonly Interval[] = ["1m", "5m", "15m", "30m", "1h", "4h", "1d", "1w", "1M"];

/** The intervals that this browser keeps in the toolbar, from short to long. */
export function keptIntervals(): readonly Interval[] {
  try {
    return intervalsOf(JSON.parse(localStorage.getItem(KEY) ?? "null"));
  } catch {
    // Storage can be forbidden, and anybody can write into it.
    return FIRST;
  }
}

export function keepIntervals(intervals: readonly Interval[]): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(intervals));
  } catch {
    // They then last as long as the page.
  }
}

/** Intervals of anything that was read. */
export function intervalsOf(raw: unknown): readonly Interval[] {
  return Array.isArray(raw) ? CHART_INTERVALS.filter((interval) => raw.includes(interval)) : FIRST;
}
