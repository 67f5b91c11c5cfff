import type { Transaction } from "@fx-ohlc/database";
import type { Tick } from "@fx-ohlc/schemas";

/** Stores ticks whose places are all free, by a statement that is sent by this call. */
export function insertTicks(transaction: Transaction, ticks: readonly Tick[]): Promise<unknown> {
  const columns = columnsOf(ticks);
  return ticks.some(({ bid }) => bid !== undefined)
    ? insertWithSides(transaction, columns, ticks)
    : insertPrices(transaction, columns);
}

type Columns = ReturnType<typeof columnsOf>;

/**
 * Times travel as whole microseconds and symbols as places in a list of those there are: half the bytes of their texts, and
 * less than half the time to write them here and to read them there.
 */
function columnsOf(ticks: readonly Tick[]) {
  const places = new Map<string, number>();
  const at = ticks.map(({ symbol }) => {
    const place = places.get(symbol) ?? places.size + 1;
    places.set(symbol, place);
    return place;
  });
  return {
    symbols: [...places.keys()],
    at,
    us: ticks.map(({ timeUs }) => timeUs),
    seqs: ticks.map(({ seq }) => seq),
    prices: ticks.map(({ price }) => price),
  };
}

function insertPrices(transaction: Transaction, { symbols, at, us, seqs, prices }: Columns): Promise<unknown> {
  return transaction`
    insert into ticks (symbol, time, seq, price)
    select (${symbols}::text[])[at::int],
           timestamptz '1970-01-01 00:00:00+00' + us * interval '1 microsecond', seq, price
      from unnest(${at}::bigint[], ${us}::bigint[], ${seqs}::smallint[], ${prices}::float8[])
           as new_ticks(at, us, seq, price)`.execute();
}

/** An array has no nulls here: what is no quote travels as NaN, which no side is. */
function insertWithSides(
  transaction: Transaction,
  { symbols, at, us, seqs, prices }: Columns,
  ticks: readonly Tick[],
): Promise<unknown> {
  const bids = ticks.map(({ bid = Number.NaN }) => bid);
  const asks = ticks.map(({ ask = Number.NaN }) => ask);
  return transaction`
    insert into ticks (symbol, time, seq, price, bid, ask)
    select (${symbols}::text[])[at::int],
           timestamptz '1970-01-01 00:00:00+00' + us * interval '1 microsecond', seq, price,
           nullif(bid, 'NaN'), nullif(ask, 'NaN')
      from unnest(${at}::bigint[], ${us}::bigint[], ${seqs}::smallint[], ${prices}::float8[],
                  ${bids}::float8[], ${asks}::float8[])
           as new_ticks(at, us, seq, price, bid, ask)`.execute();
}
