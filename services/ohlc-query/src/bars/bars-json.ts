import { formatBucket, fxDayName } from "@fx-ohlc/schemas";
import type { BarRows, BarsContext } from "../formats/bar-table.js";

/**
 * Prepares the JSON text of bars, by their place, with no object a bar: half the time of `JSON.stringify`. Numbers print alike in
 * both; the symbol needs no escaping, for its rule allows no character that does.
 */
export function barJsonRows(
  bars: BarRows,
  symbol: string,
  { runningUs, dayBoundary }: Omit<BarsContext, "symbol" | "symbols">,
): (place: number) => string {
  const symbolMember = `","symbol":"${symbol}","open":`;
  const { bucketUs: buckets, open, high, low, close, tickCount } = bars;
  return (i) => {
    const bucketUs = buckets[i] ?? 0;
    const date = dayBoundary === undefined ? "" : `,"date":"${fxDayName(bucketUs, dayBoundary)}"`;
    return `{"bucket":"${formatBucket(bucketUs)}${symbolMember}${open[i]},"high":${high[i]},"low":${low[i]},"close":${close[i]},"tick_count":${tickCount[i]},"complete":${bucketUs < runningUs}${date}}`;
  };
}
