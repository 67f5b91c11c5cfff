import { type Micros, type SymbolRange, type Tick, US_PER_MINUTE } from "@fx-ohlc/schemas";
import type { Engine } from "./settings.js";
import type { Queries, Transaction } from "./sql.js";

/** Ticks of one symbol in [fromUs, toUs) changed where an aggregate may already be materialised. */
export interface RefreshWindow extends SymbolRange {
  readonly reason: "late" | "correction";
}

/** A window as it waits. */
export interface QueuedWindow extends RefreshWindow {
  /** Grows with each that is queued. */
  readonly id: number;
}

/**
 * The minutes of late ticks, adjacent ones of a symbol as one window.
 *
 * @param ticks ordered by symbol and time
 * @param lateBeforeUs ticks from here on are in the bars at once
 */
export function lateWindows(ticks: readonly Pick<Tick, "symbol" | "timeUs">[], lateBeforeUs: Micros): RefreshWindow[] {
  const windows: { symbol: string; fromUs: Micros; toUs: Micros; reason: "late" }[] = [];
  for (const { symbol, timeUs } of ticks) {
    if (timeUs >= lateBeforeUs) continue;
    const last = windows.at(-1);
    const isOfLast = last !== undefined && last.symbol === symbol;
    // Most ticks are of the minute of the one before.
    if (isOfLast && timeUs < last.toUs) continue;
    const fromUs = Math.floor(timeUs / US_PER_MINUTE) * US_PER_MINUTE;
    if (isOfLast && fromUs === last.toUs) last.toUs += US_PER_MINUTE;
    else windows.push({ symbol, fromUs, toUs: fromUs + US_PER_MINUTE, reason: "late" });
  }
  return windows;
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
    returning id`.execute();
  return rows.map((row) => row.id);
}

/** Those of some queue rows that the worker is not done with: their changes are not in the bars yet. */
export async function stillQueued(sql: Queries, ids: readonly number[]): Promise<Set<number>> {
  if (ids.length === 0) return new Set();
  const rows = await sql<{ id: number }[]>`select id from refresh_queue where id = any(${[...ids]}::bigint[])`;
  return new Set(rows.map(({ id }) => id));
}

/**
 * For each of these symbols whose bars do not yet hold all changes of its ticks, a range that holds all that changed. Read
 * before the bars: what is refreshed in between is then named once too often, and never not at all.
 */
export async function waitingRanges(
  sql: Queries,
  engine: Engine,
  symbols: readonly string[],
): Promise<ReadonlyMap<string, SymbolRange>> {
  if (engine === "postgres") return new Map();
  const rows = await sql<SymbolRange[]>`
    select symbol, min(from_time) as "fromUs", max(to_time) as "toUs"
      from refresh_queue
     where symbol = any(${[...symbols]}::text[])
     group by symbol`;
  return new Map(rows.map((row) => [row.symbol, row]));
}
