import type { DayBoundary } from "@fx-ohlc/schemas/calendar";

/** The day boundaries one can choose from, by the names they have in the page's address; `title` where there is room. */
export const BOUNDARIES = {
  "22utc": { text: "22:00 UTC", title: "22:00 UTC", hour: 22, timezone: "UTC" },
  "17ny": { text: "17:00 NY", title: "17:00 New York", hour: 17, timezone: "America/New_York" },
  "0utc": { text: "00:00 UTC", title: "00:00 UTC", hour: 0, timezone: "UTC" },
} as const satisfies Record<string, DayBoundary & { text: string; title: string }>;

export type BoundaryName = keyof typeof BOUNDARIES;

export const BOUNDARY_NAMES = Object.keys(BOUNDARIES) as readonly BoundaryName[]; // The keys of a constant, as it is written.
