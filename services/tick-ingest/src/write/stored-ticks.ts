import type { Transaction } from "@fx-ohlc/database";
import type { NewTick, SymbolRange, Tick } from "@fx-ohlc/schemas";
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

/** The ticks that are stored in some ranges. The outer bounds on time let TimescaleDB leave out chunks before the first probe. */
export async function storedAt(transaction: Transaction, ranges: readonly SymbolRange[]): Promise<Tick[]> {
  const from = ranges.map((range) => range.fromUs);
  const to = ranges.map((range) => range.toUs);
  const earliestUs = from.reduce((earliest, us) => Math.min(earliest, us), Number.POSITIVE_INFINITY);
  const latestUs = to.reduce((latest, us) => Math.max(latest, us), 0);
  return transaction<Tick[]>`
    select stored.symbol, stored.time as "timeUs", stored.seq, stored.price
      from unnest(${ranges.map((range) => range.symbol)}::text[], ${from}::timestamptz[], ${to}::timestamptz[])
           as stamps(symbol, from_time, to_time)
     cross join lateral (
       select symbol, time, seq, price
         from ticks
        where symbol = stamps.symbol
          and time >= stamps.from_time and time < stamps.to_time
          and time >= ${earliestUs}::timestamptz and time < ${latestUs}::timestamptz
       offset 0) stored`;
}
