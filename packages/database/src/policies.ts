import { type StoredInterval, US_PER_DAY } from "@fx-ohlc/schemas";
import type { Transaction } from "./sql.js";

/**
 * How far behind the clock each level of bars is refreshed, in seconds: everything newer is computed by real-time reads, also
 * when a transaction is still open while a refresh runs. A tick is late when its minute ended more than half of the
 * minute's end offset ago. The procedure refresh_bars() has the same numbers.
 */
export const END_OFFSET_S: Readonly<Record<StoredInterval, number>> = {
  minute: 600,
  hour: 2 * 3600,
  day: 2 * 86_400,
};

/** Puts compression in force, in place of what an earlier run asked for. TimescaleDB's scheduler does it; bars do not change by it. */
export async function applyCompression(transaction: Transaction, afterDays: number): Promise<void> {
  await transaction.unsafe("call remove_columnstore_policy('ticks', if_exists => true)");
  if (afterDays === 0) return;
  await transaction.unsafe(`call add_columnstore_policy('ticks', after => interval '${Math.trunc(afterDays)} days')`);
}

/** Stored bars are a thousandth of a busy symbol's ticks: as TimescaleDB does it by itself, their chunks are longer. */
const BAR_CHUNKS_LONGER = 10;

/**
 * Puts the length of chunks in force for those that are made from now on.
 *
 * @returns the length it had before, in days
 */
export async function applyChunkDays(transaction: Transaction, days: number): Promise<number> {
  const [before] = await transaction<{ days: number }[]>`
    select (interval_length / ${US_PER_DAY})::int as days
      from _timescaledb_catalog.dimension
      join _timescaledb_catalog.hypertable on hypertable.id = dimension.hypertable_id
     where table_name = 'ticks' and schema_name = current_schema()`;
  if (before === undefined) throw new Error("ticks is no hypertable");
  if (before.days === days) return days;
  await transaction`select set_chunk_time_interval('ticks', make_interval(days => ${days}))`;
  await transaction`
    select set_chunk_time_interval(format('%I.%I', stored.schema_name, stored.table_name)::regclass,
                                   make_interval(days => ${days * BAR_CHUNKS_LONGER}))
      from _timescaledb_catalog.continuous_agg bars
      join _timescaledb_catalog.hypertable stored on stored.id = bars.mat_hypertable_id
     where bars.user_view_schema = current_schema()`;
  return before.days;
}
