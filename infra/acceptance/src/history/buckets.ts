import type { DayBoundary, Interval } from "@fx-ohlc/schemas";
import { bucketOf } from "../../../../services/ohlc-query/test/independent-bars.js";
import type { StateLevel } from "./bar-state.js";

/** A bucket's start, ms since 1970, and the name of those that are whole FX days. */
export interface Bucket {
  readonly start: number;
  readonly date?: string;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Longer than a bucket is, by less than the next one is long: an hour more for a change of clocks. */
const PAST_END_MS: Readonly<Partial<Record<Interval, number>>> = {
  "1d": DAY_MS + 2 * HOUR_MS,
  "1w": 7 * DAY_MS + 2 * HOUR_MS,
  "1M": 31 * DAY_MS + 2 * HOUR_MS,
  "3M": 92 * DAY_MS + 2 * HOUR_MS,
  "1y": 366 * DAY_MS + 2 * HOUR_MS,
};

/** The buckets of an interval and a day boundary, computed by the platform's calendar and not by the system's own. */
export class Buckets {
  readonly #known = new Map<number, Bucket>();

  constructor(
    readonly interval: Interval,
    readonly boundary: DayBoundary,
  ) {}

  around(ms: number): Bucket {
    const minute = ms - (ms % MINUTE_MS);
    const known = this.#known.get(minute);
    if (known !== undefined) return known;
    const bucket = bucketOf(minute, this.interval, this.boundary);
    this.#known.set(minute, bucket);
    return bucket;
  }

  after({ start }: Bucket): Bucket {
    const [, count = "0", unit] = /^(\d+)([mh])$/.exec(this.interval) ?? [];
    const lengthMs = Number(count) * (unit === "h" ? HOUR_MS : MINUTE_MS);
    return this.around(start + (PAST_END_MS[this.interval] ?? lengthMs));
  }

  before({ start }: Bucket): Bucket {
    return this.around(start - 1);
  }

  /** The first bucket that starts at an instant or after it. */
  atOrAfter(ms: number): Bucket {
    const bucket = this.around(ms);
    return bucket.start === ms ? bucket : this.after(bucket);
  }

  /** The stored bars that these are made of, as the design says. */
  get madeOf(): StateLevel {
    const { interval, boundary } = this;
    const isStored = boundary.hour === 22 && boundary.timezone === "UTC";
    if (interval === "1h") return "hour";
    if (interval.endsWith("m")) return "minute";
    if (isStored && /[dwMy]$/.test(interval)) return "day";
    return this.around(Date.UTC(2026, 0, 15)).start % HOUR_MS === 0 ? "hour" : "minute";
  }
}

const all = new Map<string, Buckets>();

/** The same for the same interval and boundary, for what it has computed. */
export function bucketsOf(interval: Interval, boundary: DayBoundary): Buckets {
  const key = `${interval} ${boundary.hour} ${boundary.timezone}`;
  const buckets = all.get(key) ?? new Buckets(interval, boundary);
  all.set(key, buckets);
  return buckets;
}
