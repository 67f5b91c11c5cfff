import type { BarJson, LiveBar } from "@fx-ohlc/client";

/** Seconds since 1970 UTC: how the chart counts. Every bucket starts on a whole one. */
export type Seconds = number;

/** A bar as the chart holds it. */
export interface ChartBar {
  readonly time: Seconds;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** Its ticks; 0 in the news that a bar is gone, whose prices are no numbers. */
  readonly count: number;
}

export function chartBar({ bucket, open, high, low, close, tick_count }: BarJson | LiveBar): ChartBar {
  const time = Date.parse(bucket) / 1000;
  const none = Number.NaN;
  return { time, open: open ?? none, high: high ?? none, low: low ?? none, close: close ?? none, count: tick_count };
}

/** Where a time is in ascending bars, or would be. */
export function indexOfTime(bars: readonly ChartBar[], time: Seconds): number {
  // From the end, where nearly all that is asked for is.
  return bars.findLastIndex((bar) => bar.time < time) + 1;
}

/** Ascending bars with those of [from, to) replaced by `page`: how pages join without a gap or a repeat. */
export function withRange(
  bars: readonly ChartBar[],
  from: Seconds,
  to: Seconds,
  page: readonly ChartBar[],
): readonly ChartBar[] {
  const inside = page.filter(({ time }) => time >= from && time < to);
  return [...bars.slice(0, indexOfTime(bars, from)), ...inside, ...bars.slice(indexOfTime(bars, to))];
}

/** Ascending bars with one of them added, replaced or, when it has no ticks, taken out. */
export function withBar(bars: readonly ChartBar[], bar: ChartBar): readonly ChartBar[] {
  return withRange(bars, bar.time, bar.time + 1, bar.count > 0 ? [bar] : []);
}
