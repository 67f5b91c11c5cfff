import { type ChartBar, type Seconds, withBar } from "../bars/chart-bar.js";
import { fullDateText } from "../format/time.js";

/** One day of a symbol, of the boundary that is chosen. */
export type DayBar = Pick<ChartBar, "time" | "open" | "high" | "low" | "close" | "count" | "date">;

/** The running day and the one before it. */
const KEPT = 2;

/** Ascending days with one of them added, replaced or taken out; only the newest are kept. */
export function withDay(days: readonly DayBar[], bar: DayBar): readonly DayBar[] {
  const [first] = days;
  if (first !== undefined && days.length >= KEPT && bar.time < first.time) return days;
  return withBar(days, bar).slice(-KEPT);
}

/** What a change is counted from. */
export interface ChangeBase {
  readonly price: number;
  /** In words: `the close of Mon 23 Nov`. */
  readonly what: string;
}

/** The close of the day before the newest one; the open of that where no earlier day is known. */
export function changeBase(days: readonly DayBar[]): ChangeBase | undefined {
  const newest = days.at(-1);
  const before = days.at(-2);
  if (before !== undefined) return { price: before.close, what: `the close of ${nameOf(before)}` };
  return newest && { price: newest.open, what: `the open of ${nameOf(newest)}, no earlier close being known` };
}

function nameOf({ date, time }: { date?: string | undefined; time: Seconds }): string {
  return fullDateText(date === undefined ? time : Date.parse(date) / 1_000);
}
