import type { NewTick, SymbolRange } from "@fx-ohlc/schemas";
import { groupBy } from "@fx-ohlc/service-kit";

/**
 * Stamps closer than this are looked up as one range: the rows between them that nobody asked for are at most what a
 * symbol has in ten seconds, and one range scan costs less than a thousand probes.
 */
const GAP_MAX_US = 10_000_000;

/** The ranges that cover every stamp of some requests. */
export function stampRanges(requests: readonly (readonly NewTick[])[]): SymbolRange[] {
  const groups = groupBy(requests.flat(), ({ symbol }) => symbol);
  return [...groups].flatMap(([symbol, ticks]) => rangesOf(symbol, ticks));
}

function rangesOf(symbol: string, ticks: readonly NewTick[]): SymbolRange[] {
  const times = ticks.map(({ timeUs }) => timeUs).sort((a, b) => a - b);
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

/** The stamps of each request's first and last tick: where a request was sent before, there is something at one of them. */
export function endStamps(requests: readonly (readonly NewTick[])[]): SymbolRange[] {
  return requests.flatMap((ticks) =>
    [ticks[0], ticks.at(-1)].flatMap((tick) =>
      tick === undefined ? [] : [{ symbol: tick.symbol, fromUs: tick.timeUs, toUs: tick.timeUs + 1 }],
    ),
  );
}
