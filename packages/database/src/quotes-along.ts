import type { Micros, StoredInterval } from "@fx-ohlc/schemas";
import type { Sql } from "./sql.js";

/** Where a level of bars of prices is stored up to: what starts later is made of what is below whenever it is read. */
export async function pricesStoredTo(sql: Sql, interval: StoredInterval): Promise<Micros> {
  const [row] = await sql<{ at: Micros }[]>`select bars_stored_to(${interval}, 'ohlc') as at`;
  return row?.at ?? 0;
}

/**
 * Takes the watermark of a level of quote bars along to an instant, where no quote has come while prices did: bars of every family
 * in use have to be stored for any to be closed.
 *
 * @param toUs what starts before it has been refreshed in both families
 */
export async function takeQuotesAlong(sql: Sql, interval: StoredInterval, toUs: Micros): Promise<void> {
  await sql`call take_quotes_along(${interval}, ${toUs}::timestamptz)`;
}
