import { type Micros, US_PER_MINUTE, US_PER_SECOND } from "@fx-ohlc/schemas";
import { END_OFFSET_S } from "./policies.js";
import type { Engine } from "./settings.js";
import type { Sql, Transaction } from "./sql.js";

/** Ticks of one symbol in [fromUs, toUs) changed where an aggregate may already be materialised. */
export interface RefreshWindow {
  readonly symbol: string;
  readonly fromUs: Micros;
  readonly toUs: Micros;
  readonly reason: "late" | "correction";
}

const LATE_AFTER_US = (END_OFFSET_S.minute / 2) * US_PER_SECOND;

/** Whether a tick's minute ended longer ago than real-time reads are sure to cover. `nowUs` is the database's clock. */
export function isLate(timeUs: Micros, nowUs: Micros): boolean {
  return (Math.floor(timeUs / US_PER_MINUTE) + 1) * US_PER_MINUTE < nowUs - LATE_AFTER_US;
}

/**
 * Queues windows for the refresh worker, in the transaction that changed their ticks. On plain PostgreSQL the triggers have
 * done the work already and nothing is queued.
 *
 * @returns the queued rows' ids, for {@link refreshed}
 */
export async function queueRefresh(
  transaction: Transaction,
  engine: Engine,
  windows: readonly RefreshWindow[],
): Promise<number[]> {
  if (engine === "postgres" || windows.length === 0) return [];
  const rows = await transaction<{ id: number }[]>`
    insert into refresh_queue (symbol, from_time, to_time, reason)
    select * from unnest(${windows.map((window) => window.symbol)}::text[],
                         ${windows.map((window) => window.fromUs)}::timestamptz[],
                         ${windows.map((window) => window.toUs)}::timestamptz[],
                         ${windows.map((window) => window.reason)}::text[])
    returning id`;
  return rows.map((row) => row.id);
}

/** Whether the worker is done with all of these queue rows: the bars hold the changes. */
export async function refreshed(sql: Sql, ids: readonly number[]): Promise<boolean> {
  if (ids.length === 0) return true;
  const waiting = await sql`select 1 from refresh_queue where id = any(${[...ids]}::bigint[]) limit 1`;
  return waiting.length === 0;
}

/** Windows that wait for the worker. */
export async function refreshBacklog(sql: Sql, engine: Engine): Promise<number> {
  if (engine === "postgres") return 0;
  const [row] = await sql<{ windows: number }[]>`select count(*) as windows from refresh_queue`;
  return row?.windows ?? 0;
}
