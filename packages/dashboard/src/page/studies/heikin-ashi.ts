import type { ChartBar } from "../bars/chart-bar.js";

/** The Heikin-Ashi form of a bar: its close is the mean of it, its open the middle of the one before. */
export function heikinAshi(bar: ChartBar, before: ChartBar | undefined): ChartBar {
  const close = (bar.open + bar.high + bar.low + bar.close) / 4;
  const open = before === undefined ? (bar.open + bar.close) / 2 : (before.open + before.close) / 2;
  return { ...bar, open, close, high: Math.max(bar.high, open, close), low: Math.min(bar.low, open, close) };
}

/** The same of ascending bars; those without prices stay as they are. */
export function allHeikinAshi(bars: readonly ChartBar[]): readonly ChartBar[] {
  let before: ChartBar | undefined;
  return bars.map((bar) => {
    if (Number.isNaN(bar.close)) return bar;
    before = heikinAshi(bar, before);
    return before;
  });
}
