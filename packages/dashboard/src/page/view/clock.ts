import type { ZoneName } from "../format/zone.js";

/** What the page's texts go by: the system's time, and whose clocks tell it. */
export interface Clock {
  readonly nowMs: number;
  readonly zone: ZoneName;
}
