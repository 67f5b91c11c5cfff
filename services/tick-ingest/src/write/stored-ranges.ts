import type { Micros, NewTick, SymbolRange } from "@fx-ohlc/schemas";

/**
 * Stamps closer than this are looked up as one range: the rows between them that nobody asked for are at most what a
 * symbol has in ten seconds, and one range scan costs less than a thousand probes.
 */
const GAP_MAX_US = 10_000_000;

/** The ranges that cover every stamp of some requests. */
export function stampRanges(requests: readonly (readonly NewTick[])[]): SymbolRange[] {
  const timesOf = new Map<string, Micros[]>();
  for (const ticks of requests) {
    for (const { symbol, timeUs } of ticks) {
      const times = timesOf.get(symbol);
      if (times === undefined) timesOf.set(symbol, [timeUs]);
      else times.push(timeUs);
    }
  }
  return [...timesOf].flatMap(([symbol, times]) => rangesOf(symbol, times));
}

function rangesOf(symbol: string, times: Micros[]): SymbolRange[] {
  times.sort((a, b) => a - b);
  const ranges: SymbolRange[] = [];
  let fromUs = times[0] ?? 0;
  let toUs = fromUs;
  for (const timeUs of times) {
    if (timeUs - toUs > GAP_MAX_US) {
      ranges.push({ symbol, fromUs, toUs });
      fromUs = timeUs;
    }
    toUs = timeUs + 1;
  }
  ranges.push({ symbol, fromUs, toUs });
  return ranges;
}
