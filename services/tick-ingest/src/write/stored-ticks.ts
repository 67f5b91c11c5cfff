import type { Transaction } from "@fx-ohlc/database";
import { type Micros, type NewTick, type SymbolRange, TICKS_PER_STAMP_MAX, type Tick } from "@fx-ohlc/schemas";
import { groupBy } from "@fx-ohlc/service-kit";

/** Stamps closer than this are looked up as one range at first: one range scan costs less than a thousand probes. */
const GAP_MAX_US = 10_000_000;
/**
 * A range is given up for probes of its stamps when there is so much more in it than was sent: what is read is bounded by that, and
 * not by what is stored between two ticks.
 */
const ROWS_PER_STAMP_MAX = 4;
const ROWS_SPARE = 64;

/** A half-open range of one symbol that some stamps are in. */
export interface StampRange extends SymbolRange {
  /** In order. */
  readonly stamps: readonly Micros[];
  /** Rows that are worth reading; when there are so many, the stamps are better probed. */
  readonly rowsMax: number;
}

/** The ranges that cover every stamp of some requests. */
export function stampRanges(requests: readonly (readonly Pick<NewTick, "symbol" | "timeUs">[])[]): StampRange[] {
  const groups = groupBy(requests.flat(), ({ symbol }) => symbol);
  return [...groups].flatMap(([symbol, ticks]) => rangesOf(symbol, ticks));
}

function rangesOf(symbol: string, ticks: readonly Pick<NewTick, "timeUs">[]): StampRange[] {
  const times = [...new Set(ticks.map(({ timeUs }) => timeUs))].sort((a, b) => a - b);
  const ranges: StampRange[] = [];
  let from = 0;
  times.forEach((timeUs, at) => {
    const nextUs = times[at + 1] ?? Number.POSITIVE_INFINITY;
    if (nextUs - timeUs <= GAP_MAX_US) return;
    ranges.push(rangeOf(symbol, times.slice(from, at + 1)));
    from = at + 1;
  });
  return ranges;
}

function rangeOf(symbol: string, stamps: readonly Micros[]): StampRange {
  const [fromUs = 0, lastUs = fromUs] = [stamps[0], stamps.at(-1)];
  // All of one stamp that there can be is what was asked for.
  const rowsMax = stamps.length === 1 ? TICKS_PER_STAMP_MAX : ROWS_SPARE + ROWS_PER_STAMP_MAX * stamps.length;
  return { symbol, fromUs, toUs: lastUs + 1, stamps, rowsMax };
}

/** Each stamp of a range by itself. */
function probesOf({ symbol, stamps }: StampRange): StampRange[] {
  return stamps.map((timeUs) => rangeOf(symbol, [timeUs]));
}

/** The stamps of each request's first and last tick: where a request was sent before, there is something at one of them. */
export function endStamps(requests: readonly (readonly NewTick[])[]): StampRange[] {
  return requests.flatMap((ticks) =>
    [ticks[0], ticks.at(-1)].flatMap((tick) => (tick === undefined ? [] : [rangeOf(tick.symbol, [tick.timeUs])])),
  );
}

/** All that is stored at the stamps of some ranges, and some of what lies between them. */
export async function storedAt(transaction: Transaction, ranges: readonly StampRange[]): Promise<Tick[]> {
  const stored = await readRanges(transaction, ranges);
  const rows = new Uint32Array(ranges.length);
  for (const { range } of stored) rows[range] = (rows[range] ?? 0) + 1;
  const isCut = ranges.map(({ stamps, rowsMax }, range) => stamps.length > 1 && rows[range] === rowsMax);
  if (!isCut.includes(true)) return stored;
  const probed = await readRanges(transaction, ranges.filter((_range, at) => isCut[at]).flatMap(probesOf));
  return [...stored.filter(({ range }) => isCut[range] !== true), ...probed];
}

/** A stored tick, and which of the ranges it was found for. */
type FoundTick = Tick & { readonly range: number };
/** The same as the database has it, where a price has sides that are null. */
type FoundRow = Omit<FoundTick, "bid" | "ask"> & { readonly bid: number | null; readonly ask: number | null };

/** The outer bounds on time let TimescaleDB leave out chunks before the first probe. */
async function readRanges(transaction: Transaction, ranges: readonly StampRange[]): Promise<FoundTick[]> {
  const from = ranges.map((range) => range.fromUs);
  const to = ranges.map((range) => range.toUs);
  const earliestUs = from.reduce((earliest, us) => Math.min(earliest, us), Number.POSITIVE_INFINITY);
  const latestUs = to.reduce((latest, us) => Math.max(latest, us), 0);
  const rows = await transaction<FoundRow[]>`
    select stored.symbol, stored.time as "timeUs", stored.seq, stored.price, stored.bid, stored.ask,
           stamps.place::int - 1 as range
      from unnest(${ranges.map((range) => range.symbol)}::text[], ${from}::timestamptz[], ${to}::timestamptz[],
                  ${ranges.map((range) => range.rowsMax)}::bigint[])
           with ordinality as stamps(symbol, from_time, to_time, rows_max, place)
     cross join lateral (
       select symbol, time, seq, price, bid, ask
         from ticks
        where symbol = stamps.symbol
          and time >= stamps.from_time and time < stamps.to_time
          and time >= ${earliestUs}::timestamptz and time < ${latestUs}::timestamptz
        limit stamps.rows_max) stored`;
  return rows.map((row) => ({ ...row, bid: row.bid ?? undefined, ask: row.ask ?? undefined }));
}
