import type { Micros, TimeRange } from "@fx-ohlc/schemas";
import type { Bars } from "../bars/bars.js";
import type { Chunk } from "../bars/chunk.js";

/** Moments that are remembered of a chunk: of more at once, the oldest is looked at again. */
const MOMENTS_MAX = 8;

/** Of each chunk by moments, what of it was found to be as it was known then. */
const VERIFIED = new WeakMap<Chunk, Map<Micros, TimeRange>>();

/**
 * Remembers that bars are as they were known at a moment, as far as they lie in memory. A chunk never changes, and what was known never
 * does: so it is true as long as there is that chunk.
 */
export function noteVerified(bars: Bars, range: TimeRange, knownUs: Micros): void {
  for (const chunk of chunksOver(bars, range)) {
    const moments = VERIFIED.get(chunk) ?? new Map<Micros, TimeRange>();
    const before = moments.get(knownUs);
    moments.delete(knownUs);
    moments.set(knownUs, before === undefined ? range : joined(before, range));
    const [oldest = knownUs] = moments.keys();
    if (moments.size > MOMENTS_MAX) moments.delete(oldest);
    VERIFIED.set(chunk, moments);
  }
}

/** Whether bars are known to be as they were at a moment. */
export function areVerified(bars: Bars, range: TimeRange, knownUs: Micros): boolean {
  const chunks = chunksOver(bars, range);
  return chunks.length > 0 && chunks.every((chunk) => isOf(VERIFIED.get(chunk)?.get(knownUs), chunk, range));
}

/** The chunks that hold all bars of a range; none where something of it is in no chunk. */
function chunksOver({ parts }: Bars, { fromUs, toUs }: TimeRange): Chunk[] {
  const chunks: Chunk[] = [];
  let atUs = fromUs;
  for (const { chunk } of parts) {
    if (chunk === undefined || chunk.facts.fromUs > atUs) return [];
    chunks.push(chunk);
    atUs = Math.max(atUs, chunk.facts.toUs);
  }
  return atUs >= toUs ? chunks : [];
}

/** Whether what was verified holds all of a range that is in a chunk. */
function isOf(verified: TimeRange | undefined, { facts }: Chunk, { fromUs, toUs }: TimeRange): boolean {
  if (verified === undefined) return false;
  return verified.fromUs <= Math.max(fromUs, facts.fromUs) && verified.toUs >= Math.min(toUs, facts.toUs);
}

/** Both where nothing lies between them, else the later one. */
function joined(before: TimeRange, range: TimeRange): TimeRange {
  if (range.fromUs > before.toUs || range.toUs < before.fromUs) return range;
  return { fromUs: Math.min(before.fromUs, range.fromUs), toUs: Math.max(before.toUs, range.toUs) };
}
