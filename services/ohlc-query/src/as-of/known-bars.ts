import { type DayBoundary, type Interval, isOfDays, type Micros, parseStoredInterval } from "@fx-ohlc/schemas";
import type { BarPage, BarRange } from "../bars/bar-page.js";
import { type BarPart, Bars, partOf } from "../bars/bars.js";
import { type Folding, foldBars, PartHourError } from "../bars/fold.js";
import { foldingOf } from "../bars/months-read.js";
import type { SingleTicks } from "../bars/tick-source.js";

/** Bars of a page are made of so many shorter ones at a time. */
const PARTS_MAX = 5000;

/** Bars that shorter ones are read of. */
export type ReadBars = (range: BarRange) => Promise<BarPage>;

/** What bars are made of where they cannot be read: hours of minutes, parts of days and days of hours, weeks and months of days. */
export function madeOf(interval: Interval): Interval {
  if (interval === "1w" || interval === "1M") return "1d";
  return isOfDays(interval) || (parseStoredInterval(interval) === undefined && interval.endsWith("h")) ? "1h" : "1m";
}

/** The bars of a range, folded from shorter ones; of minutes where days begin within an hour. */
export async function foldedFrom(read: ReadBars, range: BarRange): Promise<Bars> {
  const source = madeOf(range.interval);
  const folding = {
    ...foldingOf(range.interval, range.boundary),
    source: source === "1h" ? "hour" : undefined,
  } as const;
  try {
    return await folded(read, { ...range, interval: source }, folding);
  } catch (error) {
    if (!(error instanceof PartHourError)) throw error;
    return folded(read, { ...range, interval: "1m" }, { ...folding, source: undefined });
  }
}

async function folded(read: ReadBars, range: BarRange, folding: Folding): Promise<Bars> {
  const parts: BarPart[] = [];
  for (let nextUs: Micros | undefined = range.fromUs; nextUs !== undefined; ) {
    const page: BarPage = await read({ ...range, fromUs: nextUs, limit: PARTS_MAX });
    parts.push(...page.bars.parts);
    nextUs = page.nextUs;
  }
  return new Bars([partOf(foldBars(new Bars(parts), folding))]);
}

/** The minutes of ticks that come in order, some at a time. */
export async function minutesOf(pieces: AsyncIterable<SingleTicks>, boundary: DayBoundary): Promise<Bars> {
  const folding = foldingOf("1m", boundary);
  const done: BarPart[] = [];
  let rest = Bars.NONE;
  for await (const { columns } of pieces) {
    const ticks = new Bars([...rest.parts, partOf(columns)]);
    const minutes = new Bars([partOf(foldBars(ticks, folding))]);
    const lastUs = minutes.bucketAt(minutes.count - 1);
    // The last minute may go on in the next piece.
    done.push(...minutes.first(minutes.count - 1).parts);
    rest = lastUs === undefined ? Bars.NONE : ticks.between(lastUs, Number.POSITIVE_INFINITY);
  }
  return new Bars([...done, partOf(foldBars(rest, folding))]);
}
