import type { FilledBar, FxClient } from "@fx-ohlc/client";
import { takesDayBoundary } from "@fx-ohlc/schemas/interval";
import { BOUNDARIES } from "../boundaries.js";
import type { BarSeries } from "./buckets.js";
import { type ChartBar, chartBar, type Seconds } from "./chart-bar.js";

/** Where bars are read. */
export type BarSource = Pick<HttpBarSource, keyof HttpBarSource>;

/** RFC 3339 of a whole second. */
function timeText(time: Seconds): string {
  return new Date(time * 1000).toISOString();
}

async function collect(rows: AsyncIterable<FilledBar>): Promise<readonly ChartBar[]> {
  const bars: ChartBar[] = [];
  for await (const row of rows) bars.push(chartBar(row));
  return bars;
}

/** The side that is shown, with the spread between both. */
function quotesOf({ side = "mid" }: BarSeries) {
  return { price: side, include: ["spread"] } as const;
}

function boundaryOf({ interval, boundary }: BarSeries): { dayStartHour?: number; timezone?: string } {
  const { hour, timezone } = BOUNDARIES[boundary];
  return takesDayBoundary(interval) ? { dayStartHour: hour, timezone } : {};
}

/** Bars from ohlc-query. */
export class HttpBarSource {
  constructor(private readonly client: FxClient) {}

  /** The last `count` bars that start before `end`, ascending; up to now without it. */
  async before(
    series: BarSeries,
    end: Seconds | undefined,
    count: number,
    signal: AbortSignal,
  ): Promise<readonly ChartBar[]> {
    const { symbol, interval } = series;
    const query = { symbol, interval, count, end: end === undefined ? undefined : timeText(end), signal };
    const rows = await this.client.lastBars({ ...query, ...quotesOf(series), ...boundaryOf(series) });
    return rows.map(chartBar);
  }

  /** The bars that start in [start, end), ascending; up to now without an end. */
  range(series: BarSeries, { start, end }: { start: Seconds; end?: Seconds }, signal: AbortSignal) {
    const { symbol, interval } = series;
    const range = { start: timeText(start), end: end === undefined ? undefined : timeText(end) };
    return collect(
      this.client.bars({ symbol, interval, ...range, signal, ...quotesOf(series), ...boundaryOf(series) }),
    );
  }
}
