/** Intervals whose bars are stored; every other one is derived from them. */
export const STORED_INTERVALS = ["minute", "hour", "day"] as const;
export type StoredInterval = (typeof STORED_INTERVALS)[number];

/** Every interval the read side answers, in the short spelling. */
export const INTERVALS = [
  "1m",
  "2m",
  "3m",
  "5m",
  "10m",
  "15m",
  "30m",
  "1h",
  "2h",
  "3h",
  "4h",
  "6h",
  "8h",
  "12h",
  "1d",
  "1w",
  "1M",
] as const;
export type Interval = (typeof INTERVALS)[number];

const LONG_NAMES: Readonly<Record<StoredInterval, Interval>> = { minute: "1m", hour: "1h", day: "1d" };

/** Reads an interval in either spelling; case matters (`1m` is a minute, `1M` a month). */
export function parseInterval(raw: unknown): Interval | undefined {
  const short = LONG_NAMES[raw as StoredInterval] ?? raw;
  return INTERVALS.find((interval) => interval === short);
}

/** The stored interval of that name, in either spelling. */
export function parseStoredInterval(raw: unknown): StoredInterval | undefined {
  return STORED_INTERVALS.find((interval) => interval === raw || LONG_NAMES[interval] === raw);
}

/** Whether a query for this interval may name a day boundary: every interval of two hours or more. */
export function takesDayBoundary(interval: Interval): boolean {
  return INTERVALS.indexOf(interval) >= INTERVALS.indexOf("2h");
}
