import {
  bucketEnd,
  bucketStart,
  type DayBoundary,
  dayPartUs,
  fixedLengthUs,
  type Interval,
  isOfDays,
  type Micros,
  STORED_LENGTH_US,
  type StoredInterval,
  takesDayBoundary,
  US_PER_DAY,
  US_PER_HOUR,
  US_PER_MINUTE,
} from "@fx-ohlc/schemas";
import { type Span, type SpanUnit, spanAt, type VersionedSpan, versionedSpan } from "./span.js";

/** No FX day, week or month is longer: a day has up to 26 hours with a zone's most unusual change of its clocks. */
const LONGEST_US: Readonly<Partial<Record<Interval, Micros>>> = {
  "1d": 26 * US_PER_HOUR,
  "1w": 7 * US_PER_DAY + 2 * US_PER_HOUR,
  "1M": 31 * US_PER_DAY + 2 * US_PER_HOUR,
};

/** Up to this length a UTC day of bars is a chunk, up to a day a month, and a year above: some 150 to 1,500 bars each. */
const DAY_CHUNKS_UP_TO_US = 5 * US_PER_MINUTE;

function chunkUnit(interval: Interval): SpanUnit {
  if (isOfDays(interval)) return "year";
  return (fixedLengthUs(interval) ?? US_PER_DAY) <= DAY_CHUNKS_UP_TO_US ? "day" : "month";
}

/** All bars of one symbol and interval, made of stored bars: stored themselves, or folded from shorter ones. */
export class Series {
  /** Tells it from all others. */
  readonly key: string;
  readonly unit: SpanUnit;
  /** No bucket is longer. */
  readonly lengthUs: Micros;

  /**
   * @param source the stored bars that they are made of
   * @param withQuotes whether they hold what quotes were in them, too
   */
  constructor(
    readonly symbol: string,
    readonly interval: Interval,
    readonly boundary: DayBoundary,
    readonly source: StoredInterval,
    readonly isStored: boolean,
    readonly withQuotes: boolean,
  ) {
    const days = takesDayBoundary(interval) ? `${boundary.hour} ${boundary.timezone.toLowerCase()}` : "";
    this.key = `${symbol} ${interval} ${source} ${days}${withQuotes ? " quotes" : ""}`;
    this.unit = chunkUnit(interval);
    this.lengthUs = LONGEST_US[interval] ?? fixedLengthUs(interval) ?? dayPartUs(interval) ?? US_PER_DAY;
  }

  /** The stored bars that one of them is made of, at most. */
  get sourcesMax(): number {
    return Math.ceil(this.lengthUs / STORED_LENGTH_US[this.source]);
  }

  startOf(us: Micros): Micros {
    return bucketStart(us, this.interval, this.boundary);
  }

  endOf(us: Micros): Micros {
    return bucketEnd(us, this.interval, this.boundary);
  }

  /** The first bucket that starts at an instant or after it. */
  atOrAfter(us: Micros): Micros {
    const start = this.startOf(us);
    return start === us ? us : this.endOf(us);
  }

  /** The chunk that a bucket is in. */
  spanAt(bucketUs: Micros): Span {
    return spanAt(bucketUs, this.unit);
  }

  /** What a chunk's versions are those of: its span, and the next one where its last bucket reaches into it. */
  versionsOf(span: Span): VersionedSpan[] {
    const spans = [versionedSpan(this.symbol, this.unit, span)];
    if (!this.isStored && this.endOf(span.toUs - 1) > span.toUs) {
      spans.push(versionedSpan(this.symbol, this.unit, this.spanAt(span.toUs)));
    }
    return spans;
  }
}
