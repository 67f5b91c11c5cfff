import { type Micros, type Tick, US_PER_DAY, US_PER_MINUTE } from "@fx-ohlc/schemas";
import type { CommitRules } from "./commit-rules.js";
import type { Engine } from "./settings.js";
import type { Transaction } from "./sql.js";

/** As old a tick is before the trigger of migration 016 looks at it. */
const LOOKED_AT_US = 5 * US_PER_MINUTE;

/** A UTC day of a symbol. */
export interface SymbolDay {
  readonly symbol: string;
  /** Such as `2025-12-05`. */
  readonly date: string;
}

/** The UTC day that an instant is in. */
export function dateOf(us: Micros): string {
  return new Date(Math.floor(us / US_PER_DAY) * (US_PER_DAY / 1000)).toISOString().slice(0, "2025-12-05".length);
}

/**
 * The days of ticks before an instant, each once.
 *
 * @param ticks ordered by symbol and time
 */
export function daysBefore(ticks: readonly Pick<Tick, "symbol" | "timeUs">[], beforeUs: Micros): SymbolDay[] {
  const days: SymbolDay[] = [];
  let dayEndUs = 0;
  for (const { symbol, timeUs } of ticks) {
    if (timeUs >= beforeUs || (days.at(-1)?.symbol === symbol && timeUs < dayEndUs)) continue;
    days.push({ symbol, date: dateOf(timeUs) });
    dayEndUs = (Math.floor(timeUs / US_PER_DAY) + 1) * US_PER_DAY;
  }
  return days;
}

/**
 * Draws the archive's versions of the days that ticks are stored in, in their transaction and before them: a trigger, which takes a
 * microsecond a tick, does so for those who do not. On plain PostgreSQL the trigger looks at all ticks at once.
 */
export async function noteChangedDays(
  transaction: Transaction,
  engine: Engine,
  ticks: readonly Pick<Tick, "symbol" | "timeUs">[],
  { nowUs, archivedBeforeUs }: Pick<CommitRules, "nowUs" | "archivedBeforeUs">,
): Promise<void> {
  // The trigger's clock may be a moment ahead.
  const isAnyLooked = engine === "timescaledb" && ticks.some(({ timeUs }) => timeUs < nowUs - LOOKED_AT_US / 2);
  if (!isAnyLooked) return;
  const days = daysBefore(ticks, archivedBeforeUs);
  const draw = transaction`
    select set_config('fx.archive_noted', 'on', true),
           draw_archive_versions(${days.map(({ symbol }) => symbol)}::text[], ${days.map(({ date }) => date)}::text[]::date[])`;
  await draw.execute();
}
