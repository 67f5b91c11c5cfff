import type { BarJson, TickJson } from "@fx-ohlc/client";

/** How many minutes have another bar than the ticks say, one too many, or none. @param ticks all of them, in order */
export function wrongBars(ticks: readonly TickJson[], bars: readonly BarJson[]): number {
  const expected = new Map<string, string>();
  for (const [minute, inIt] of byMinute(ticks)) {
    const prices = inIt.map(({ price }) => price);
    const [open, high, low, close] = [prices[0], Math.max(...prices), Math.min(...prices), prices.at(-1)];
    expected.set(minute, JSON.stringify([open, high, low, close, prices.length]));
  }
  let wrong = 0;
  for (const { bucket, open, high, low, close, tick_count } of bars) {
    if (expected.get(bucket) !== JSON.stringify([open, high, low, close, tick_count])) wrong += 1;
    expected.delete(bucket);
  }
  return wrong + expected.size;
}

function byMinute(ticks: readonly TickJson[]): Map<string, TickJson[]> {
  const minutes = new Map<string, TickJson[]>();
  for (const tick of ticks) {
    const minute = `${tick.time.slice(0, 16)}:00Z`;
    const inIt = minutes.get(minute);
    if (inIt === undefined) minutes.set(minute, [tick]);
    else inIt.push(tick);
  }
  return minutes;
}
