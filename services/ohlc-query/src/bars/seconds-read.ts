import { formatBucket, type Interval } from "@fx-ohlc/schemas";
import type { BarRange } from "./bar-page.js";
import type { BarsRead } from "./bar-read.js";
import { type BarPart, Bars, partOf } from "./bars.js";
import { type Folding, foldBars } from "./fold.js";
import { foldingOf } from "./months-read.js";
import type { End } from "./source-read.js";
import { refuseBar, type TickWalk } from "./tick-walk.js";

/** So many ticks a bar are read at first. */
const TICKS_PER_BAR = 8;

/** Which bars that are made of ticks to read. */
export interface OfTicks extends Omit<BarRange, "limit"> {
  readonly rowsMax: number;
}

/** Reads bars shorter than a minute. Their ticks are read for each request: nothing of them is kept. */
export function readSeconds(walk: TickWalk, { interval, boundary, ...range }: OfTicks, end: End): Promise<BarsRead> {
  const folding = foldingOf(interval, boundary);
  const atOrAfter = (us: number) => (folding.startOf(us) === us ? us : folding.endOf(us));
  const whole = { ...range, fromUs: atOrAfter(range.fromUs), toUs: atOrAfter(range.toUs) };
  if (whole.fromUs >= whole.toUs) return Promise.resolve({ bars: Bars.NONE, moreUs: undefined });
  const read = end === "first" ? readFirst : readLast;
  return read(walk, whole, folding, interval);
}

type Range = Omit<OfTicks, "interval" | "boundary">;

async function readFirst(walk: TickWalk, range: Range, folding: Folding, interval: Interval): Promise<BarsRead> {
  const { rowsMax } = range;
  const done: BarPart[] = [];
  let [count, moreUs] = [0, range.fromUs];
  let rest = Bars.NONE;
  for await (const { columns, isLast, reachedUs } of walk.forward(range, -1, rowsMax * TICKS_PER_BAR)) {
    const ticks = new Bars([...rest.parts, partOf(columns)]);
    const folded = new Bars([partOf(foldBars(ticks, folding))]);
    // The last one may have more ticks than were read.
    const whole = isLast ? folded : folded.first(folded.count - 1);
    done.push(...whole.parts);
    count += whole.count;
    if (isLast || count >= rowsMax) return { bars: new Bars(done), moreUs: undefined };
    const restUs = folded.bucketAt(folded.count - 1);
    rest = restUs === undefined ? Bars.NONE : ticks.between(restUs, Number.POSITIVE_INFINITY);
    moreUs = restUs ?? reachedUs;
  }
  if (count === 0 && rest.count > 0) refuseBar(`the bar of ${interval} at ${formatBucket(moreUs)}`);
  return { bars: new Bars(done), moreUs: folding.startOf(moreUs) };
}

async function readLast(walk: TickWalk, range: Range, folding: Folding, interval: Interval): Promise<BarsRead> {
  const { rowsMax } = range;
  const done: BarPart[] = [];
  let [count, moreUs] = [0, range.toUs];
  let rest = Bars.NONE;
  for await (const { columns, isLast, reachedUs } of walk.backward(range, rowsMax * TICKS_PER_BAR)) {
    const ticks = new Bars([partOf(columns), ...rest.parts]);
    const folded = new Bars([partOf(foldBars(ticks, folding))]);
    const whole = isLast ? folded : folded.last(folded.count - 1);
    done.unshift(...whole.parts);
    count += whole.count;
    if (isLast || count >= rowsMax) return { bars: new Bars(done), moreUs: undefined };
    const restUs = folded.bucketAt(0);
    rest = restUs === undefined ? Bars.NONE : ticks.between(Number.NEGATIVE_INFINITY, folding.endOf(restUs));
    moreUs = restUs === undefined ? reachedUs : folding.endOf(restUs);
  }
  if (count === 0 && rest.count > 0) refuseBar(`the bar of ${interval} before ${formatBucket(moreUs)}`);
  return { bars: new Bars(done), moreUs };
}
