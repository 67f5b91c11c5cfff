import { bucketEnd, bucketStart, type DayBoundary, type Interval, LIMIT_MAX, type Micros } from "@fx-ohlc/schemas";
import type { BarRange } from "./bar-page.js";
import type { BarsRead } from "./bar-read.js";
import { Bars, partOf } from "./bars.js";
import { type Folding, foldBars } from "./fold.js";
import type { End } from "./source-read.js";

/** Intervals that are folded from months, which are kept in memory: they are some twelve bars a year. */
const MONTHS = { "3M": 3, "1y": 12 } as const;

/** Which of their bars to read. */
export interface OfMonths extends Omit<BarRange, "limit"> {
  readonly interval: keyof typeof MONTHS;
  readonly rowsMax: number;
}

/** How bars of an interval are folded from bars that no bucket of it cuts. */
export function foldingOf(interval: Interval, boundary: DayBoundary): Folding {
  return {
    source: undefined,
    startOf: (us) => bucketStart(us, interval, boundary),
    endOf: (us) => bucketEnd(us, interval, boundary),
  };
}

/**
 * Reads quarters and years. Months with a boundary in a part-hour zone come a bounded number at a time: what ends within a bar is read
 * on until there is a whole one.
 */
export async function readOfMonths(
  readMonths: (range: BarRange) => Promise<BarsRead>,
  { rowsMax, ...range }: OfMonths,
  end: End,
): Promise<BarsRead> {
  const folding = foldingOf(range.interval, range.boundary);
  const atOrAfter = (us: Micros) => (folding.startOf(us) === us ? us : folding.endOf(us));
  let [fromUs, toUs] = [atOrAfter(range.fromUs), atOrAfter(range.toUs)];
  // One bar more than is wanted: the last one may not be whole.
  const limit = Math.min(LIMIT_MAX, (rowsMax + 1) * MONTHS[range.interval]);
  let months = Bars.NONE;
  while (fromUs < toUs) {
    const { bars, moreUs } = await readMonths({ ...range, interval: "1M", fromUs, toUs, limit });
    months = new Bars(end === "first" ? [...months.parts, ...bars.parts] : [...bars.parts, ...months.parts]);
    const isCut = moreUs !== undefined || bars.count > limit;
    const folded = new Bars([partOf(foldBars(months, folding))]);
    if (!isCut) return { bars: folded, moreUs: undefined };
    const whole = end === "first" ? folded.first(folded.count - 1) : folded.last(folded.count - 1);
    if (whole.count > 0)
      return { bars: whole, moreUs: whole.count >= rowsMax ? undefined : cutAt(folded, end, folding) };
    if (end === "first") fromUs = moreUs ?? toUs;
    else toUs = moreUs ?? fromUs;
  }
  return { bars: new Bars([partOf(foldBars(months, folding))]), moreUs: undefined };
}

/** Where the page goes on: at the bar that is not whole, or before the one after it. */
function cutAt(folded: Bars, end: End, { endOf }: Folding): Micros | undefined {
  const us = folded.bucketAt(end === "first" ? folded.count - 1 : 0);
  return us === undefined || end === "first" ? us : endOf(us);
}
