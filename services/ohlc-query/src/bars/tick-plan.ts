import { bucketStart, LIMIT_MAX, type Micros, US_PER_DAY, US_PER_MINUTE } from "@fx-ohlc/schemas";
import type { BarRange, LastBars } from "./bar-page.js";
import type { TickBarRange } from "./tick-bars.js";

/** Half of what a page may be made of: what comes while it is planned does not make it too much. */
const TICKS_MAX = 250_000;
/** What a walk comes through in the statements it has, however few ticks there are. */
const SPAN_MAX_US = 7000 * US_PER_DAY;

/** Where to begin so that there are as many bars up to the end of a range as are wanted, or some more. */
export interface PlannedStart {
  readonly from: Pick<TickBarRange, "fromUs" | "afterSeq">;
  /** Whether there are none before it. */
  readonly isAll: boolean;
}

/** The minutes of an FX day, ascending. */
interface DayOfMinutes {
  readonly bucketUs: Micros[];
  readonly tickCount: number[];
}

interface Minutes {
  last(range: BarRange): Promise<LastBars>;
}

/**
 * Counts back by the minutes, which know how many ticks they hold. The minute that the range ends within is not counted: its bars are
 * some more.
 */
export async function startOfLast(
  minutes: Minutes,
  minutesOf: Omit<BarRange, "fromUs" | "toUs">,
  range: TickBarRange,
): Promise<PlannedStart> {
  const { perBar, limit, fromUs, toUs, afterSeq } = range;
  const all: PlannedStart = { from: { fromUs, afterSeq }, isAll: true };
  let [bars, ticks, startUs] = [0, 0, toUs];
  let earliestUs: Micros | undefined;
  for await (const day of daysBack(minutes, minutesOf, range)) {
    const [dayUs = startUs] = day.bucketUs;
    earliestUs ??= dayUs - SPAN_MAX_US;
    const total = day.tickCount.reduce((sum, count) => sum + count, 0);
    const ofDay = Math.ceil(total / perBar);
    const wanted = Math.min(limit - bars, ofDay, Math.floor((TICKS_MAX - ticks) / perBar));
    if (wanted > 0 && dayUs >= earliestUs) startUs = minuteOfTick(day, (ofDay - wanted) * perBar);
    if (startUs <= fromUs) return all;
    if (wanted < ofDay || dayUs < earliestUs) return { from: { fromUs: startUs, afterSeq: -1 }, isAll: false };
    bars += ofDay;
    ticks += total;
  }
  return all;
}

/** The minute that holds the tick of a number, counted from the day's start. */
function minuteOfTick({ bucketUs, tickCount }: DayOfMinutes, number: number): Micros {
  let [place, before] = [0, tickCount[0] ?? 0];
  for (; before <= number; before += tickCount[place] ?? Number.POSITIVE_INFINITY) place += 1;
  return bucketUs[place] ?? 0;
}

/** The FX days of the minutes before the end of a range, the last one first, each whole but for what lies behind that end. */
async function* daysBack(
  minutes: Minutes,
  minutesOf: Omit<BarRange, "fromUs" | "toUs">,
  { fromUs, toUs }: TickBarRange,
): AsyncGenerator<DayOfMinutes> {
  const { boundary } = minutesOf;
  const sinceUs = bucketStart(fromUs, "1d", boundary);
  let untilUs: Micros | undefined = Math.floor(toUs / US_PER_MINUTE) * US_PER_MINUTE;
  while (untilUs !== undefined && untilUs > sinceUs) {
    const page: LastBars = await minutes.last({ ...minutesOf, fromUs: sinceUs, toUs: untilUs, limit: LIMIT_MAX });
    const days = new Map<Micros, DayOfMinutes>();
    const { bucketUs, tickCount } = page.bars.arrays();
    for (const [i, us] of bucketUs.entries()) {
      const dayUs = bucketStart(us, "1d", boundary);
      const day = days.get(dayUs) ?? { bucketUs: [], tickCount: [] };
      days.set(dayUs, day);
      day.bucketUs.push(us);
      day.tickCount.push(tickCount[i] ?? 0);
    }
    const [oldest] = days.keys();
    untilUs = undefined;
    // The first minutes of the oldest one are on the next page, with the rest of it; no day has as many as a page.
    if (page.prevUs !== undefined && oldest !== undefined && days.size > 1) {
      days.delete(oldest);
      const [[first] = []] = [...days.values()].map((day) => day.bucketUs);
      untilUs = first === undefined ? undefined : bucketStart(first, "1d", boundary);
    }
    yield* [...days.values()].reverse();
  }
}
