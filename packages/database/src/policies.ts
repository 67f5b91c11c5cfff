import type { StoredInterval } from "@fx-ohlc/schemas";
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
