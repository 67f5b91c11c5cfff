import { STORED_INTERVALS, type StoredInterval } from "@fx-ohlc/schemas";
import type { Sql } from "./sql.js";

/** A tick's place among those of its bucket: TimescaleDB's first() and last() take no composite. */
const PLACE = "(date_part('epoch', time - timestamptz '2000-01-01 00:00:00+00') * 1e6)::bigint * 1024 + seq";

/**
 * One of the families of stored bars: a level of each for every stored interval, minutes of ticks and the others of the level
 * below. What is done to bars is done to all families.
 */
export interface BarFamily {
  /** Its relations are called by it: `quote_minute`. */
  readonly name: "ohlc" | "quote";
  /** What a bar holds besides its symbol and bucket. */
  readonly columns: string;
  /** Of these, how many ticks are in it. */
  readonly count: string;
  /** The ticks it is made of. */
  readonly where: string;
  /** What is selected of the ticks of a minute, or of the bars of the level below, in the order of the columns. */
  readonly ofTicks: string;
  readonly ofBars: string;
}

/** Of prices: every tick has one. */
const PRICES: BarFamily = {
  name: "ohlc",
  columns: "open, high, low, close, tick_count",
  count: "tick_count",
  where: "true",
  ofTicks: `first(price, ${PLACE}), max(price), min(price), last(price, ${PLACE}), count(*) as tick_count`,
  ofBars: "first(open, bucket), max(high), min(low), last(close, bucket), sum(tick_count)::bigint as tick_count",
};

/** What lies between the sides of quotes: least, most and their sum, exactly, whatever the order. */
export const SPREADS_OF_TICKS = `
    least(min(quote_points(bid, ask)) / 1e6::float8, min(quote_decimals(bid, ask))::float8),
    greatest(max(quote_points(bid, ask)) / 1e6::float8, max(quote_decimals(bid, ask))::float8),
    coalesce(sum(quote_points(bid, ask)) * 0.000001, 0) + coalesce(sum(quote_decimals(bid, ask)), 0)`;
export const SPREADS_OF_BARS = "min(spread_min), max(spread_max), sum(spread_sum)";

/** Of quotes: both their sides, and what lies between. */
const QUOTES: BarFamily = {
  name: "quote",
  columns: `bid_open, bid_high, bid_low, bid_close, ask_open, ask_high, ask_low, ask_close,
            spread_min, spread_max, spread_sum, quote_count`,
  count: "quote_count",
  where: "bid is not null",
  ofTicks: `
    first(bid, ${PLACE}), max(bid), min(bid), last(bid, ${PLACE}),
    first(ask, ${PLACE}), max(ask), min(ask), last(ask, ${PLACE}),
    ${SPREADS_OF_TICKS},
    count(*) as quote_count`,
  ofBars: `
    first(bid_open, bucket), max(bid_high), min(bid_low), last(bid_close, bucket),
    first(ask_open, bucket), max(ask_high), min(ask_low), last(ask_close, bucket),
    ${SPREADS_OF_BARS}, sum(quote_count)::bigint as quote_count`,
};

export const BAR_FAMILIES: readonly [prices: BarFamily, quotes: BarFamily] = [PRICES, QUOTES];

/** The relation of one level. */
export function barRelation({ name }: BarFamily, interval: StoredInterval): string {
  return `${name}_${interval}`;
}

/** The relations of all levels of all families. */
export const BAR_RELATIONS: readonly string[] = BAR_FAMILIES.flatMap((family) =>
  STORED_INTERVALS.map((interval) => barRelation(family, interval)),
);

/**
 * The families that hold something, or will once they are refreshed. While no symbol has quotes nothing of theirs is looked at:
 * it is not materialised, and so exact whatever is stored.
 */
export async function familiesInUse(sql: Sql): Promise<readonly [prices: BarFamily, ...quotes: BarFamily[]]> {
  const [row] = await sql<{ hasQuotes: boolean }[]>`select exists (select from symbols where quotes) as "hasQuotes"`;
  return row?.hasQuotes === true ? BAR_FAMILIES : [PRICES];
}

/** Those of some ranges that bars of a family may be made of. */
export async function rangesOfFamily<R extends { readonly symbol: string }>(
  sql: Sql,
  { name }: BarFamily,
  ranges: readonly R[],
): Promise<readonly R[]> {
  if (name === "ohlc") return ranges;
  const symbols = await sql<{ symbol: string }[]>`
    select symbol from symbols where quotes and symbol = any(${ranges.map(({ symbol }) => symbol)}::text[])`;
  const haveQuotes = new Set(symbols.map(({ symbol }) => symbol));
  return ranges.filter(({ symbol }) => haveQuotes.has(symbol));
}
