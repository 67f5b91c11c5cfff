import { Temporal } from "temporal-polyfill";
import type { TimeRange } from "./range-set.js";
import { type Micros, US_PER_DAY, US_PER_HOUR, US_PER_MINUTE } from "./time.js";

/** A time within which a zone's clocks keep one offset from UTC. */
interface Segment extends TimeRange {
  readonly offsetUs: Micros;
}

/** Each costs some 500 µs to find, and a zone with summer time has two a year; 100,000 are all zones over a century. */
const CACHED_SEGMENTS_MAX = 100_000;
/** Ascending, with holes where nobody has asked. */
const segmentsOf = new Map<string, Segment[]>();
let cachedSegments = 0;

function findSegment(us: Micros, timezone: string): Segment {
  const at = Temporal.Instant.fromEpochMilliseconds(Math.floor(us / 1000)).toZonedDateTimeISO(timezone);
  // A change at this very instant is the beginning of its segment.
  const from = at.add({ nanoseconds: 1 }).getTimeZoneTransition("previous");
  const to = at.getTimeZoneTransition("next");
  return {
    fromUs: from === null ? Number.NEGATIVE_INFINITY : from.epochMilliseconds * 1000,
    toUs: to === null ? Number.POSITIVE_INFINITY : to.epochMilliseconds * 1000,
    offsetUs: at.offsetNanoseconds / 1000,
  };
}

/** The place of the first segment that ends after an instant. */
function placeOf(us: Micros, segments: readonly Segment[]): number {
  let [low, high] = [0, segments.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((segments[middle]?.toUs ?? 0) <= us) low = middle + 1;
    else high = middle;
  }
  return low;
}

function segmentAt(us: Micros, timezone: string): Segment {
  let segments = segmentsOf.get(timezone);
  const place = placeOf(us, segments ?? []);
  const known = segments?.[place];
  if (known !== undefined && known.fromUs <= us) return known;
  const found = findSegment(us, timezone);
  if (cachedSegments >= CACHED_SEGMENTS_MAX) {
    segmentsOf.clear();
    cachedSegments = 0;
    segments = undefined;
  }
  if (segments === undefined) segmentsOf.set(timezone, [found]);
  else segments.splice(place, 0, found);
  cachedSegments += 1;
  return found;
}

/** How far a zone's clocks are ahead of UTC at an instant. */
export function offsetAt(us: Micros, timezone: string): Micros {
  return segmentAt(us, timezone).offsetUs;
}

/** No zone has ever been further ahead of UTC. */
const AHEAD_MAX_US = 16 * US_PER_HOUR;

/**
 * The first instant of local date number `day` (0 is 1970-01-01) whose wall clock reads the minute of the day or later: a
 * minute that the clocks skip is the first instant after the jump, one that happens twice its first occurrence.
 */
export function localInstant(day: number, minuteOfDay: number, timezone: string): Micros {
  const wallUs = day * US_PER_DAY + minuteOfDay * US_PER_MINUTE;
  let segment = segmentAt(wallUs - AHEAD_MAX_US, timezone);
  while (wallUs - segment.offsetUs >= segment.toUs) segment = segmentAt(segment.toUs, timezone);
  return Math.max(segment.fromUs, wallUs - segment.offsetUs);
}
