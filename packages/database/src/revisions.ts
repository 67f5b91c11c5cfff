import { type Micros, type SymbolRange, type Tick, US_PER_HOUR, US_PER_MINUTE } from "@fx-ohlc/schemas";
import { lateBefore } from "./commit-rules.js";
import type { Engine } from "./settings.js";
import type { Transaction } from "./sql.js";

/** Who changes stored ticks, and why. */
export interface ChangeNote {
  /** The name of the token that it is done with. */
  readonly by: string;
  readonly reason?: string | undefined;
  /** The revision that is put back. */
  readonly undoes?: number | undefined;
}

/** Notes who changes ticks in this transaction: the triggers that keep what is replaced write it down with it. */
export function noteChange(transaction: Transaction, { by, reason = "", undoes }: ChangeNote): Promise<unknown> {
  return transaction`
    select set_config('fx.by', ${by}, true), set_config('fx.reason', ${reason}, true),
           set_config('fx.undoes', ${undoes === undefined ? "" : String(undoes)}, true)`.execute();
}

/** Late ticks of one symbol within an hour. */
export interface LateTicks extends SymbolRange {
  readonly ticks: number;
}

/**
 * The late ones of some ticks, hour by hour, from the minute of the first to that of the last.
 *
 * @param ticks ordered by symbol and time
 * @param nowUs the database's clock
 */
export function lateTicks(ticks: readonly Pick<Tick, "symbol" | "timeUs">[], nowUs: Micros): LateTicks[] {
  const lateBeforeUs = lateBefore(nowUs, 0);
  const hours: { symbol: string; fromUs: Micros; toUs: Micros; ticks: number }[] = [];
  let hourEndUs = 0;
  for (const { symbol, timeUs } of ticks) {
    if (timeUs >= lateBeforeUs) continue;
    let last = hours.at(-1);
    const fromUs = Math.floor(timeUs / US_PER_MINUTE) * US_PER_MINUTE;
    if (last === undefined || last.symbol !== symbol || timeUs >= hourEndUs) {
      last = { symbol, fromUs, toUs: fromUs, ticks: 0 };
      hours.push(last);
      hourEndUs = (Math.floor(timeUs / US_PER_HOUR) + 1) * US_PER_HOUR;
    }
    last.toUs = fromUs + US_PER_MINUTE;
    last.ticks += 1;
  }
  return hours;
}

/**
 * Notes late ticks in the transaction that stores them, before anything is queued for a refresh: the trigger of that queue notes them
 * for those who do not. On plain PostgreSQL the trigger of ticks does.
 */
export async function noteLateTicks(
  transaction: Transaction,
  engine: Engine,
  hours: readonly LateTicks[],
): Promise<void> {
  if (engine === "postgres" || hours.length === 0) return;
  await transaction`
    insert into revisions (change, kind, symbol, from_time, to_time, ticks)
    select tick_change(), case when set_config('fx.late_noted', 'on', true) = 'on' then 'late' end, late.*
      from unnest(${hours.map(({ symbol }) => symbol)}::text[], ${hours.map(({ fromUs }) => fromUs)}::timestamptz[],
                  ${hours.map(({ toUs }) => toUs)}::timestamptz[], ${hours.map(({ ticks }) => ticks)}::bigint[]) as late`.execute();
}
