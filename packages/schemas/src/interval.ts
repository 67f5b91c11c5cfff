import { type Micros, US_PER_DAY, US_PER_HOUR, US_PER_MINUTE, US_PER_SECOND } from "./time.js";

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
  "1s": { kind: "clock", lengthUs: US_PER_SECOND, resolution: "1S" },
  "5s": { kind: "clock", lengthUs: 5 * US_PER_SECOND, resolution: "5S" },
  "10s": { kind: "clock", lengthUs: 10 * US_PER_SECOND, resolution: "10S" },
  "15s": { kind: "clock", lengthUs: 15 * US_PER_SECOND, resolution: "15S" },
  "30s": { kind: "clock", lengthUs: 30 * US_PER_SECOND, resolution: "30S" },
  "1m": { kind: "clock", lengthUs: US_PER_MINUTE, resolution: "1" },
  "2m": { kind: "clock", lengthUs: 2 * US_PER_MINUTE, resolution: "2" },
  "3m": { kind: "clock", lengthUs: 3 * US_PER_MINUTE, resolution: "3" },
  "4m": { kind: "clock", lengthUs: 4 * US_PER_MINUTE, resolution: "4" },
  "5m": { kind: "clock", lengthUs: 5 * US_PER_MINUTE, resolution: "5" },
  "6m": { kind: "clock", lengthUs: 6 * US_PER_MINUTE, resolution: "6" },
  "10m": { kind: "clock", lengthUs: 10 * US_PER_MINUTE, resolution: "10" },
  "12m": { kind: "clock", lengthUs: 12 * US_PER_MINUTE, resolution: "12" },
  "15m": { kind: "clock", lengthUs: 15 * US_PER_MINUTE, resolution: "15" },
  "20m": { kind: "clock", lengthUs: 20 * US_PER_MINUTE, resolution: "20" },
  "30m": { kind: "clock", lengthUs: 30 * US_PER_MINUTE, resolution: "30" },
  "45m": { kind: "day-part", lengthUs: 45 * US_PER_MINUTE, resolution: "45" },
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
  "3M": { kind: "days", resolution: "3M" },
  "1y": { kind: "days", resolution: "12M" },
} as const satisfies Readonly<Record<string, IntervalFacts>>;

export type Interval = keyof typeof FACTS;

export const INTERVALS = Object.keys(FACTS) as readonly Interval[]; // The keys are what the type is made of.

/** The intervals whose bars are stored, with their short spellings; every longer one is derived from them, every shorter one from ticks. */
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

/** Bars of so many ticks each, `100t`, counted from the FX day's start. */
export type TickInterval = `${number}t`;
/** Whatever bars can be asked for by. */
export type AnyInterval = Interval | TickInterval;

/** Bars of fewer would be longer to write than their ticks; more are as many as the longest answer has rows. */
const TICKS_PER_BAR_MIN = 10;
const TICKS_PER_BAR_MAX = 10_000;
/** How they are spelled, from the fewest to the most. */
export const TICK_INTERVAL_PATTERN = /^([1-9]\d{1,3}|10000)t$/;

/** How many ticks each bar has; undefined of what is no interval of ticks. */
export function ticksPerBar(interval: unknown): number | undefined {
  const [, count] = typeof interval === "string" ? (TICK_INTERVAL_PATTERN.exec(interval) ?? []) : [];
  return count === undefined ? undefined : Number(count);
}

/** Reads an interval of time or of ticks. */
export function parseAnyInterval(raw: unknown): AnyInterval | undefined {
  const ticks = ticksPerBar(raw);
  return ticks === undefined ? parseInterval(raw) : `${ticks}t`;
}

/** What people ask for who mean one of ours. */
const MEANT: ReadonlyMap<unknown, string> = new Map([
  ["7d", "1w, the FX days named Monday to Sunday"],
  ["30d", "1M, the FX days named within the month"],
]);

/** What every refusal of an interval says. */
export function intervalProblem(raw: unknown): string {
  const meant = MEANT.get(raw);
  const ticks = `<n>t, bars of n ticks from ${TICKS_PER_BAR_MIN}t to ${TICKS_PER_BAR_MAX}t`;
  return meant === undefined ? `must be one of ${INTERVALS.join(" ")}, or ${ticks}` : `must be ${meant}, not ${raw}`;
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

/** Whether its bars are shorter than any stored ones, and made of ticks. */
export function isOfTicks(interval: Interval): boolean {
  return (fixedLengthUs(interval) ?? US_PER_MINUTE) < US_PER_MINUTE;
}

/** Whether a query for this interval may name a day boundary: 45m, and every interval of two hours or more. */
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
