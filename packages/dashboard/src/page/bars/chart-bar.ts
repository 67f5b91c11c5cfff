import type { BarJson, FilledBar, LiveBar } from "@fx-ohlc/client";

/** Seconds since 1970 UTC: how the chart counts. Every bucket starts on a whole one. */
export type Seconds = number;

/** What a bar's prices are of: those of its ticks, or of one side of its quotes. */
export const SIDES = ["mid", "bid", "ask"] as const;
export type Side = (typeof SIDES)[number];

/** A bar as the chart holds it. Its prices are no numbers where it has no quotes and is of a side. */
export interface ChartBar {
  readonly time: Seconds;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** Its ticks; 0 in the news that a bar is gone, whose prices are no numbers. */
  readonly count: number;
  /** The average spread of its quotes, and how many they are; absent where there are none, or nobody told. */
  readonly spread?: number | undefined;
  readonly quotes?: number | undefined;
  /** Of a bar of a day or more, the name of its first FX day, as the API says it. */
  readonly date?: string | undefined;
}

type WireBar = BarJson | FilledBar | LiveBar;

/** A bar whose open, high, low and close are those that are shown. */
export function chartBar(bar: WireBar): ChartBar {
  const { bucket, open, high, low, close, tick_count: count, spread_avg, quote_count, date } = bar;
  const time = Date.parse(bucket) / 1000;
  const none = Number.NaN;
  const prices = { open: open ?? none, high: high ?? none, low: low ?? none, close: close ?? none };
  return { time, ...prices, count, spread: spread_avg ?? undefined, quotes: quote_count ?? undefined, date };
}

/** One side of a streamed bar; undefined of one that does not tell of quotes. */
export function sideBar(bar: LiveBar, side: Side): ChartBar | undefined {
  if (side === "mid") return chartBar(bar);
  const [open, high, low, close] =
    side === "bid"
      ? [bar.bid_open, bar.bid_high, bar.bid_low, bar.bid_close]
      : [bar.ask_open, bar.ask_high, bar.ask_low, bar.ask_close];
  if (open === undefined) return undefined;
  return chartBar({ ...bar, open, high: high ?? null, low: low ?? null, close: close ?? null });
}

/** Where a time is in ascending bars, or would be. */
export function indexOfTime(bars: readonly Pick<ChartBar, "time">[], time: Seconds): number {
  // From the end, where nearly all that is asked for is.
  return bars.findLastIndex((bar) => bar.time < time) + 1;
}

/** Ascending bars with those of [from, to) replaced by `page`: how pages join without a gap or a repeat. */
export function withRange<Bar extends Pick<ChartBar, "time">>(
  bars: readonly Bar[],
  from: Seconds,
  to: Seconds,
  page: readonly Bar[],
): readonly Bar[] {
  const inside = page.filter(({ time }) => time >= from && time < to);
  return [...bars.slice(0, indexOfTime(bars, from)), ...inside, ...bars.slice(indexOfTime(bars, to))];
}

/** Ascending bars with one of them added, replaced or, when it has no ticks, taken out. */
export function withBar<Bar extends Pick<ChartBar, "time" | "count">>(bars: readonly Bar[], bar: Bar): readonly Bar[] {
  return withRange(bars, bar.time, bar.time + 1, bar.count > 0 ? [bar] : []);
}
