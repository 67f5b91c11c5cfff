import type { BarJson, FxClient } from "@fx-ohlc/client";
import { takesDayBoundary } from "@fx-ohlc/schemas/interval";
import { BOUNDARIES } from "../boundaries.js";
import { type BarSeries, partsOf } from "./buckets.js";
import { type ChartBar, chartBar, type Seconds } from "./chart-bar.js";

/** Where bars are read. */
export interface BarSource {
  /** The last `count` bars that start before `end`, ascending; up to now without it. */
  before(series: BarSeries, end: Seconds | undefined, count: number, signal: AbortSignal): Promise<readonly ChartBar[]>;
  /** The bars that start in [start, end), ascending; up to now without an end. */
  range(series: BarSeries, range: { start: Seconds; end?: Seconds }, signal: AbortSignal): Promise<readonly ChartBar[]>;
  /** The streamed bars from `start` to now that those of the series are folded from. */
  parts(series: BarSeries, start: Seconds, signal: AbortSignal): Promise<readonly ChartBar[]>;
}

/** RFC 3339 of a whole second. */
function timeText(time: Seconds): string {
  return new Date(time * 1000).toISOString();
}

async function collect(rows: AsyncIterable<BarJson>): Promise<readonly ChartBar[]> {
  const bars: ChartBar[] = [];
  for await (const row of rows) bars.push(chartBar(row));
  return bars;
}

function boundaryOf({ interval, boundary }: BarSeries): { dayStartHour?: number; timezone?: string } {
  const { hour, timezone } = BOUNDARIES[boundary];
  return takesDayBoundary(interval) ? { dayStartHour: hour, timezone } : {};
}

/** Bars from ohlc-query. */
export class HttpBarSource implements BarSource {
  constructor(private readonly client: FxClient) {}

  async before(series: BarSeries, end: Seconds | undefined, count: number, signal: AbortSignal) {
    const { symbol, interval } = series;
    const query = { symbol, interval, count, end: end === undefined ? undefined : timeText(end), signal };
    const rows = await this.client.lastBars({ ...query, ...boundaryOf(series) });
    return rows.map(chartBar);
  }

  range(series: BarSeries, { start, end }: { start: Seconds; end?: Seconds }, signal: AbortSignal) {
    const { symbol, interval } = series;
    const range = { start: timeText(start), end: end === undefined ? undefined : timeText(end) };
    return collect(this.client.bars({ symbol, interval, ...range, signal, ...boundaryOf(series) }));
  }

  parts({ symbol, interval }: BarSeries, start: Seconds, signal: AbortSignal) {
    return collect(this.client.bars({ symbol, interval: partsOf(interval), start: timeText(start), signal }));
  }
}
