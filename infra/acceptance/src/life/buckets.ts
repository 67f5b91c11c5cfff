import type { DayBoundary } from "@fx-ohlc/schemas";

/** The levels of bars that are stored. */
export const LEVELS = ["minute", "hour", "day"] as const;
export type Level = (typeof LEVELS)[number];

const US_PER_MS = 1_000;
export const MINUTE_US = 60_000_000;
export const HOUR_US = 60 * MINUTE_US;
export const DAY_US = 24 * HOUR_US;

/** Where the bucket of an instant starts; both in microseconds since 1970. */
export type BucketOf = (us: number) => number;

function every(lengthUs: number): BucketOf {
  return (us) => Math.floor(us / lengthUs) * lengthUs;
}

/** How far a zone's clocks are ahead of UTC at an instant, as the platform's own calendar says. */
function zoneOffsetUs(timezone: string): (us: number) => number {
  const format = new Intl.DateTimeFormat("en-US", { timeZone: timezone, timeZoneName: "longOffset" });
  return (us) => {
    const name = format.formatToParts(us / US_PER_MS).find(({ type }) => type === "timeZoneName")?.value ?? "";
    const [, sign = "+", hours = "0", minutes = "0"] = /GMT([+-])(\d\d):(\d\d)/.exec(name) ?? [];
    return (sign === "-" ? -1 : 1) * (Number(hours) * HOUR_US + Number(minutes) * MINUTE_US);
  };
}

/**
 * FX days start at a local hour. The offset that counts is the one at the start of the day, which differs from that of the
 * instant on the days when clocks change.
 */
function fxDay({ hour, timezone }: DayBoundary): BucketOf {
  const offsetUs = zoneOffsetUs(timezone);
  const startOf = (localDay: number): number => {
    const localUs = localDay * DAY_US + hour * HOUR_US;
    return localUs - offsetUs(localUs - offsetUs(localUs));
  };
  return (us) => {
    const localDay = Math.floor((us + offsetUs(us)) / DAY_US);
    const start = startOf(localDay);
    return start <= us ? start : startOf(localDay - 1);
  };
}

/** The three levels of one database. Shares no code with the system. */
export function bucketsOf(boundary: DayBoundary): Readonly<Record<Level, BucketOf>> {
  return { minute: every(MINUTE_US), hour: every(HOUR_US), day: fxDay(boundary) };
}

/** Intervals that are derived when asked for, as far as their buckets are whole parts of days from 1970. */
export const DERIVED: Readonly<Record<"5m" | "15m", BucketOf>> = {
  "5m": every(5 * MINUTE_US),
  "15m": every(15 * MINUTE_US),
};
