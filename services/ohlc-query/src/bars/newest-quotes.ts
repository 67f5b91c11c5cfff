import type { Transaction } from "@fx-ohlc/database";
import type { Bar, Micros, StoredInterval } from "@fx-ohlc/schemas";
import type { BarWithInterval } from "./newest-bars.js";
import { type KeyRow, type OuterKeys, outerKeys } from "./outer-keys.js";
import { AGGREGATED_QUOTES, type AggregatedQuotes, QUOTE_ROW, type QuoteArrays, quotesOf } from "./quote-columns.js";

/** The bars of some intervals with their quotes, and the others as they are. */
export async function withQuotes(
  transaction: Transaction,
  intervals: readonly StoredInterval[],
  rows: readonly BarWithInterval[],
): Promise<BarWithInterval[]> {
  const others = rows.filter(({ interval }) => !intervals.includes(interval));
  const own = intervals.map((interval) => withQuotesOf(transaction, interval, rows));
  return [...(await Promise.all(own)).flat(), ...others];
}

async function withQuotesOf(
  transaction: Transaction,
  interval: StoredInterval,
  rows: readonly BarWithInterval[],
): Promise<BarWithInterval[]> {
  const own = rows.filter((row) => row.interval === interval);
  if (own.length === 0) return [];
  const starts = own.map(({ bucketUs }) => bucketUs);
  const wanted = [own.map(({ symbol }) => symbol), starts, Math.min(...starts), Math.max(...starts)];
  const quotes = await transaction.unsafe<AggregatedQuotes[]>(
    `select quotes.*
       from unnest($1::text[], $2::timestamptz[]) with ordinality as bar(symbol, start, place)
      cross join lateral (select ${AGGREGATED_QUOTES}
                            from (select ${QUOTE_ROW}
                                    from quote_${interval}
                                   where symbol = bar.symbol and bucket = bar.start and bucket >= $3 and bucket <= $4
                                     and (select known.quotes from symbols known where known.symbol = bar.symbol)
                                 ) of_bar) as quotes
      order by place`,
    wanted,
    { prepare: true },
  );
  return own.map((row, i) => {
    const found = quotes[i];
    return found === undefined ? row : { ...row, quotes: quotesOf(found, [row.bucketUs]) };
  });
}

/** A bar with the places of its ticks, and of its quotes where they were looked for. */
type Keyed = Bar & OuterKeys & { readonly quotes?: QuoteArrays; readonly quoteKeys?: OuterKeys };

function quoteCountOf({ quotes }: Keyed): number {
  return quotes?.quoteCount[0] ?? 0;
}

/**
 * Adds the places of the first and the last quote to bars that have some. They are those of its ticks where all of these are
 * quotes; only where there are prices among them they are looked for.
 *
 * @param ends as of the keys of all ticks
 */
export async function withQuoteKeys<B extends Keyed>(
  transaction: Transaction,
  bars: readonly B[],
  ends: readonly Micros[],
): Promise<B[]> {
  const isMixed = (bar: B) => quoteCountOf(bar) > 0 && quoteCountOf(bar) < bar.tickCount;
  const mixed = bars.map((bar, i) => ({ bar, endUs: ends[i] ?? bar.bucketUs })).filter(({ bar }) => isMixed(bar));
  const found = mixed.length === 0 ? [] : await outerQuotes(transaction, mixed);
  const keys = new Map(mixed.map(({ bar, endUs }, i) => [bar, outerKeys(bar, found[i], endUs)]));
  return bars.map((bar) => {
    if (quoteCountOf(bar) === 0) return bar;
    const { openKey, closeKey } = keys.get(bar) ?? bar;
    return { ...bar, quoteKeys: { openKey, closeKey } };
  });
}

/**
 * The first and last quote of each bar: in its first and its last minute that has one, so that no more is looked through. A bar that is
 * shorter begins within one.
 */
function outerQuotes(
  transaction: Transaction,
  mixed: readonly { readonly bar: Keyed; readonly endUs: Micros }[],
): PromiseLike<readonly KeyRow[]> {
  const starts = mixed.map(({ bar }) => bar.bucketUs);
  const ends = mixed.map(({ endUs }) => endUs);
  const symbols = mixed.map(({ bar }) => bar.symbol);
  const firstOf = (minute: string, order: string) => `
      left join lateral (select time, seq from ticks
                          where symbol = bar.symbol and bid is not null
                            and time >= ${minute} and time < ${minute} + interval '1 minute'
                            and time >= bar.bucket and time < bar.until
                            and time >= $4 and time < $5
                          order by time ${order}, seq ${order}
                          limit 1)`;
  return transaction.unsafe<KeyRow[]>(
    `select opening.time as open_time, opening.seq as open_seq, closing.time as close_time, closing.seq as close_seq
       from unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) with ordinality as bar(symbol, bucket, until, place)
       left join lateral (select min(bucket) as first, max(bucket) as last from quote_minute
                           where symbol = bar.symbol and bucket > bar.bucket - interval '1 minute' and bucket < bar.until
                             and bucket > $4::timestamptz - interval '1 minute' and bucket < $5::timestamptz) as minutes on true
       ${firstOf("minutes.first", "")} as opening on true
       ${firstOf("minutes.last", "desc")} as closing on true
      order by place`,
    [symbols, starts, ends, Math.min(...starts), Math.max(...ends)],
    { prepare: true },
  );
}
