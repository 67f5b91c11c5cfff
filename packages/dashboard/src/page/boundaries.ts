import type { DayBoundary } from "@fx-ohlc/schemas/calendar";

/** The day boundaries one can choose from, by the names they have in the page's address; `short` where room is short. */
export const BOUNDARIES = {
  "22utc": { label: "22:00 UTC", short: "22:00 UTC", hour: 22, timezone: "UTC" },
  "17ny": { label: "17:00 New York", short: "17:00 NY", hour: 17, timezone: "America/New_York" },
  "0utc": { label: "00:00 UTC", short: "00:00 UTC", hour: 0, timezone: "UTC" },
} as const satisfies Record<string, DayBoundary & { label: string; short: string }>;

export type BoundaryName = keyof typeof BOUNDARIES;

export const BOUNDARY_NAMES = Object.keys(BOUNDARIES) as readonly BoundaryName[]; // The keys of a constant, as it is written.
