import { US_PER_SECOND } from "@fx-ohlc/schemas/time";
import { offsetAt } from "@fx-ohlc/schemas/zone";
import type { Seconds } from "../bars/chart-bar.js";

/** Where the page's clock is, by the names in its address; `text` is what the axis and the clock say. */
export const ZONES = {
  utc: { text: "UTC", timezone: "UTC" },
  local: { text: "Local", timezone: Intl.DateTimeFormat().resolvedOptions().timeZone },
  newyork: { text: "New York", timezone: "America/New_York" },
  london: { text: "London", timezone: "Europe/London" },
  tokyo: { text: "Tokyo", timezone: "Asia/Tokyo" },
} as const;

export type ZoneName = keyof typeof ZONES;

export const ZONE_NAMES = Object.keys(ZONES) as readonly ZoneName[]; // The keys of a constant, as it is written.

/** An instant as seconds that read in UTC what the zone's clocks show then. */
export function wallClock(time: Seconds, zone: ZoneName): Seconds {
  const { timezone } = ZONES[zone];
  return timezone === "UTC" ? time : time + offsetAt(time * US_PER_SECOND, timezone) / US_PER_SECOND;
}
