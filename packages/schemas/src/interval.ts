import { type Micros, US_PER_DAY, US_PER_HOUR, US_PER_MINUTE } from "./time.js";

/** What there is to say of an interval. */
interface IntervalFacts {
  /**
   * How its buckets follow one another: by the `clock` of UTC, each as long as the others; from the start of the FX day, the
   * last one cut at its end (`day-part`); or as one or more FX days, which are as long as they are (`days`).
   */
  readonly kind: "clock" | "day-part" | "days";
  /** How long a bucket is that is not cut and within which no clock changes. */
  readonly lengthUs?: Micros;
  /** What TradingView calls it. */
  readonly resolution: string;
}

/** Every interval the read side answers, in the short spelling, the shortest first. */
const FACTS = {
  "1m": { kind: "clock", lengthUs: US_PER_MINUTE, resolution: "1" },
  "2m": { kind: "clock", lengthUs: 2 * US_PER_MINUTE, resolution: "2" },
  "3m": { kind: "clock", lengthUs: 3 * US_PER_MINUTE, resolution: "3" },
  "5m": { kind: "clock", lengthUs: 5 * US_PER_MINUTE, resolution: "5" },
  "10m": { kind: "clock", lengthUs: 10 * US_PER_MINUTE, resolution: "10" },
  "15m": { kind: "clock", lengthUs: 15 * US_PER_MINUTE, resolution: "15" },
  "30m": { kind: "clock", lengthUs: 30 * US_PER_MINUTE, resolution: "30" },
  "1h": { kind: "clock", lengthUs: US_PER_HOUR, resolution: "60" },
  "2h": { kind: "day-part", lengthUs: 2 * US_PER_HOUR, resolution: "120" },
  "3h": { kind: "day-part", lengthUs: 3 * US_PER_HOUR, resolution: "180" },
  "4h": { kind: "day-part", lengthUs: 4 * US_PER_HOUR, resolution: "240" },
  "6h": { kind: "day-part", lengthUs: 6 * US_PER_HOUR, resolution: "360" },
  "8h": { kind: "day-part", lengthUs: 8 * US_PER_HOUR, resolution: "480" },
  "12h": { kind: "day-part", lengthUs: 12 * US_PER_HOUR, resolution: "720" },
  "1d": { kind: "days", lengthUs: US_PER_DAY, resolution: "1D" },
  "1w": { kind: "days", resolution: "1W" },
  "1M": { kind: "days", resolution: "1M" },
} as const satisfies Readonly<Record<string, IntervalFacts>>;

export type Interval = keyof typeof FACTS;

export const INTERVALS = Object.keys(FACTS) as readonly Interval[]; // The keys are what the type is made of.

/** The intervals whose bars are stored, with their short spellings; every other one is derived from them. */
export const SHORT_NAMES = { minute: "1m", hour: "1h", day: "1d" } as const satisfies Readonly<
  Record<string, Interval>
>;
export type StoredInterval = keyof typeof SHORT_NAMES;

export const STORED_INTERVALS = ["minute", "hour", "day"] as const satisfies readonly StoredInterval[];

const NAMES = new Map<unknown, Interval>([
  ...INTERVALS.map((name) => [name, name] as const),
  ...Object.entries(SHORT_NAMES),
]);

/** Reads an interval in either spelling; case matters (`1m` is a minute, `1M` a month). */
export function parseInterval(raw: unknown): Interval | undefined {
  return NAMES.get(raw);
}

/** The stored interval of that name, in either spelling. */
export function parseStoredInterval(raw: unknown): StoredInterval | undefined {
  const interval = parseInterval(raw);
  return STORED_INTERVALS.find((stored) => SHORT_NAMES[stored] === interval);
}

/** How long the buckets of stored intervals are; of a day, when no clock changes. */
export const STORED_LENGTH_US = {
  minute: FACTS["1m"].lengthUs,
  hour: FACTS["1h"].lengthUs,
  day: FACTS["1d"].lengthUs,
} as const satisfies Readonly<Record<StoredInterval, Micros>>;

/** How long a bucket of a stored interval is at most: a day on which the clocks go back has 25 hours. */
export function longestUs(stored: StoredInterval): Micros {
  return STORED_LENGTH_US[stored] + (stored === "day" ? US_PER_HOUR : 0);
}

/** Whether a query for this interval may name a day boundary: every interval of two hours or more. */
export function takesDayBoundary(interval: Interval): boolean {
  return FACTS[interval].kind !== "clock";
}

/** Whether the buckets are whole FX days, which are known by their dates. */
export function isOfDays(interval: Interval): boolean {
  return FACTS[interval].kind === "days";
}

/** The length of the buckets of an interval that no day boundary touches; undefined for the others. */
export function fixedLengthUs(interval: Interval): Micros | undefined {
  const facts = FACTS[interval];
  return facts.kind === "clock" ? facts.lengthUs : undefined;
}

/** The length of the buckets that an FX day is cut into; undefined for intervals that are no part of one. */
export function dayPartUs(interval: Interval): Micros | undefined {
  const facts = FACTS[interval];
  return facts.kind === "day-part" ? facts.lengthUs : undefined;
}

/** What TradingView calls each interval. */
export const UDF_RESOLUTIONS: ReadonlyMap<string, Interval> = new Map(
  INTERVALS.map((interval) => [FACTS[interval].resolution, interval]),
);

/** Every name of a resolution: `D`, `W` and `M` are short for one of them. */
const RESOLUTIONS = new Map<unknown, Interval>([...UDF_RESOLUTIONS, ["D", "1d"], ["W", "1w"], ["M", "1M"]]);
export const RESOLUTION_NAMES = [...RESOLUTIONS.keys()];

/** The interval of a resolution's name. */
export function parseResolution(raw: unknown): Interval | undefined {
  return RESOLUTIONS.get(raw);
}
