import type { Micros, SymbolRange } from "@fx-ohlc/schemas";
import { LATE_AFTER_US } from "./commit-rules.js";
import type { Transaction } from "./sql.js";

/** What some ticks were found to be by a look before their symbols' locks, and must still be behind them. */
export interface Expected {
  readonly symbols: readonly string[];
  /** Those of them that are known to have quotes. */
  readonly quoted: readonly string[];
  /** Of the earliest tick: it is not dropped. */
  readonly firstUs: Micros;
  /** Of the earliest tick that is not late; undefined where all are. */
  readonly firstLiveUs: Micros | undefined;
  /** Nothing is stored there. */
  readonly free: readonly SymbolRange[];
}

/** Raised where something that was expected is not so. */
export const UNEXPECTED = "FXREQ";

/**
 * Ends the transaction when something has changed since the look, so that what follows on the connection can be sent without
 * waiting for the answer. After the locks, in a statement of its own.
 *
 * @throws PostgresError {@link UNEXPECTED}
 */
export function assertExpected(transaction: Transaction, expected: Expected): Promise<unknown> {
  const { symbols, quoted, firstUs, firstLiveUs = null, free } = expected;
  return transaction`
    select fx_require(
      (select count(*) from symbols
        where symbol = any(${[...symbols]}::text[]) and (quotes or symbol <> all(${[...quoted]}::text[]))) = ${symbols.length}::int
        and (select dropped_before from retention_mark) <= ${firstUs}::timestamptz
        and greatest(date_trunc('minute', fx_now() - ${LATE_AFTER_US}::bigint * interval '1 microsecond'), materialised_to())
            <= coalesce(${firstLiveUs}::timestamptz, 'infinity')
        and not exists (${storedIn(transaction, free)}),
      'what was found before the locks has changed; these ticks are written again')`.execute();
}

/** A row for each tick in some ranges; on TimescaleDB from no chunk but theirs. */
function storedIn(transaction: Transaction, ranges: readonly SymbolRange[]) {
  const from = ranges.map(({ fromUs }) => fromUs);
  const to = ranges.map(({ toUs }) => toUs);
  return transaction`
    select from unnest(${ranges.map(({ symbol }) => symbol)}::text[], ${from}::timestamptz[], ${to}::timestamptz[])
                as free(of_symbol, from_time, to_time)
     cross join lateral (
       select from ticks
        where symbol = of_symbol and time >= from_time and time < to_time
          and time >= ${from.reduce((a, b) => Math.min(a, b))}::timestamptz
          and time < ${to.reduce((a, b) => Math.max(a, b))}::timestamptz
       offset 0) stored`;
}
