import { formatBucket, fxDayName } from "@fx-ohlc/schemas";
import type { BarRows, BarsContext } from "../formats/bar-table.js";

/**
 * The JSON text of bars, with no object a bar: half the time of `JSON.stringify`. Numbers print alike in both; the symbol needs
 * no escaping, for its rule allows no character that does.
 */
export function barsJson(
  bars: BarRows,
  symbol: string,
  { runningUs, dayBoundary }: Omit<BarsContext, "symbol">,
): string {
  const symbolMember = `","symbol":"${symbol}","open":`;
  let json = "";
  for (let i = 0; i < bars.bucketUs.length; i += 1) {
    const bucketUs = bars.bucketUs[i] ?? 0;
    const date = dayBoundary === undefined ? "" : `,"date":"${fxDayName(bucketUs, dayBoundary)}"`;
    json += `${i === 0 ? "" : ","}{"bucket":"${formatBucket(bucketUs)}${symbolMember}${bars.open[i]},"high":${bars.high[i]},"low":${bars.low[i]},"close":${bars.close[i]},"tick_count":${bars.tickCount[i]},"complete":${bucketUs < runningUs}${date}}`;
  }
  return `[${json}]`;
}
