import type { Transaction } from "@fx-ohlc/database";
import { type Micros, type Tick, US_PER_DAY } from "@fx-ohlc/schemas";
import { invalid } from "@fx-ohlc/service-kit";

/**
 * Days without a tick so far that one transaction may bring ticks of. On TimescaleDB each can be a new chunk, which takes some ten
 * locks until the transaction's end: 1,500 of them took 16,533, and 5,000 failed after 19 s.
 */
export const NEW_DAYS_MAX = 500;

/** The days of some ticks, UTC. */
function daysOf(ticks: readonly Tick[]): Set<number> {
  const days = new Set<number>();
  for (const { timeUs } of ticks) days.add(Math.floor(timeUs / US_PER_DAY));
  return days;
}

/** Whether ticks are of more days than one transaction may make, were they all new. */
export function isOfManyDays(ticks: readonly Tick[]): boolean {
  // Without that many days between the first and the last there is nothing to count.
  const [first, last] = rangeOf(ticks);
  return last - first >= NEW_DAYS_MAX * US_PER_DAY && daysOf(ticks).size > NEW_DAYS_MAX;
}

/**
 * On TimescaleDB. What streams in is cut before it comes to that.
 *
 * @throws Problem 422 when ticks are of more new days than one transaction may make
 */
export async function refuseManyNewDays(transaction: Transaction, ticks: readonly Tick[]): Promise<void> {
  if (!isOfManyDays(ticks)) return;
  const days = [...daysOf(ticks)];
  const [row] = await transaction<{ count: number }[]>`
    select count(*) from unnest(${days.map((day) => day * US_PER_DAY)}::timestamptz[]) as day
     where not exists (select 1 from tick_chunks_now where from_time <= day and to_time > day)`;
  const count = row?.count ?? 0;
  if (count <= NEW_DAYS_MAX) return;
  const message = `holds ticks of ${count} days that have none yet, and at most ${NEW_DAYS_MAX} go into one array: send several, or lines as application/x-ndjson`;
  throw invalid([{ field: "", message }]);
}

function rangeOf(ticks: readonly Tick[]): [Micros, Micros] {
  let [first, last] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { timeUs } of ticks) {
    if (timeUs < first) first = timeUs;
    if (timeUs > last) last = timeUs;
  }
  return [first, last];
}
