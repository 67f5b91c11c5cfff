import type { BoundaryName } from "../boundaries.js";
import { dayOf } from "./buckets.js";
import type { Seconds } from "./chart-bar.js";
import type { NoteRange, Notes } from "./note-source.js";

/** What is known of a series from the start of an FX day until now. It grows to the left, a page at a time, as somebody scrolls back. */
export interface KnownNotes extends Notes {
  readonly from: Seconds;
}

/** What is to be read for what lies before it: up to the end of a gap that is cut by its start, so that this comes whole. */
export function rangeBefore({ from, gaps }: KnownNotes, wanted: Seconds): NoteRange {
  const [first] = gaps;
  return { from: wanted, to: first !== undefined && first.from <= from ? first.to : from };
}

/** With the page before it, which was read as {@link rangeBefore} says. */
export function withBefore(known: KnownNotes, wanted: Seconds, page: Notes): KnownNotes {
  const before = page.gaps.filter(({ from }) => from < known.from);
  const end = Math.max(known.from, before.at(-1)?.to ?? known.from);
  return {
    from: wanted,
    gaps: [...before, ...known.gaps.filter(({ from }) => from >= end)],
    corrected: new Map([
      ...[...page.corrected].filter(([day]) => day >= wanted && day < known.from),
      ...known.corrected,
    ]),
  };
}

/** From where on is to be read what has changed from a time on: from the start of a gap that lasts until then. */
export function rangeAfter({ from, gaps }: KnownNotes, changed: Seconds): NoteRange {
  const start = Math.max(from, changed);
  return { from: gaps.find((gap) => gap.from < start && gap.to >= start)?.from ?? start };
}

/** With what was read anew of its end, as {@link rangeAfter} says. */
export function withAfter(known: KnownNotes, range: NoteRange, page: Notes, boundary: BoundaryName): KnownNotes {
  const day = dayOf(range.from, boundary);
  const kept = [...known.corrected].filter(([other]) => other < day);
  return {
    from: known.from,
    gaps: [...known.gaps.filter(({ from }) => from < range.from), ...page.gaps],
    corrected: new Map([...kept, ...[...page.corrected].filter(([other]) => other >= day)]),
  };
}
