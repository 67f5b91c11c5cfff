import { closuresWithin, type Micros, type TimeRange, US_PER_MINUTE } from "@fx-ohlc/schemas";
import type { EmptyReason, Grounds } from "../bars/empty-reasons.js";

/** Empty minutes that follow one another and have one reason. */
export interface Gap extends TimeRange {
  readonly reason: EmptyReason;
}

export function minuteBefore(us: Micros): Micros {
  return Math.floor(us / US_PER_MINUTE) * US_PER_MINUTE;
}

export function minuteAfter(us: Micros): Micros {
  return Math.ceil(us / US_PER_MINUTE) * US_PER_MINUTE;
}

/** The minutes of [fromUs, toUs) that lie wholly within times when the market is closed. */
export function closedMinutes({ session }: Grounds, { fromUs, toUs }: TimeRange): TimeRange[] {
  return closuresWithin(session, fromUs, toUs)
    .map((closure) => ({ fromUs: minuteAfter(closure.fromUs), toUs: minuteBefore(closure.toUs) }))
    .filter(isSome);
}

/** The minutes of which any part lies within an outage, ascending and apart from one another. */
function downMinutes({ outages }: Grounds): TimeRange[] {
  const found: TimeRange[] = [];
  for (const { fromUs, toUs } of outages) {
    const down = { fromUs: minuteBefore(fromUs), toUs: toUs === null ? Number.POSITIVE_INFINITY : minuteAfter(toUs) };
    const last = found.at(-1);
    if (last === undefined || down.fromUs > last.toUs) found.push(down);
    else found[found.length - 1] = { fromUs: last.fromUs, toUs: Math.max(last.toUs, down.toUs) };
  }
  return found;
}

function isSome({ fromUs, toUs }: TimeRange): boolean {
  return fromUs < toUs;
}

/** A piece of a range, which lies within some others or apart from them. */
interface Piece extends TimeRange {
  readonly isWithin: boolean;
}

/**
 * Cuts ranges at the edges of others: those that are asked for one after the other, ascending, cost one look at each.
 *
 * @param others ascending, and apart from one another
 */
function cutter(others: readonly TimeRange[]): (range: TimeRange) => Generator<Piece> {
  let next = 0;
  return function* cut({ fromUs, toUs }) {
    for (let us = fromUs; us < toUs; ) {
      while ((others[next]?.toUs ?? Number.POSITIVE_INFINITY) <= us) next += 1;
      const other = others[next];
      const isWithin = other !== undefined && other.fromUs <= us;
      const endUs = Math.min(toUs, (isWithin ? other?.toUs : other?.fromUs) ?? toUs);
      yield { fromUs: us, toUs: endUs, isWithin };
      us = endUs;
    }
  };
}

/** Empty minutes while the market is open, whatever the reason. */
export function* silences(empty: Iterable<TimeRange>, closed: readonly TimeRange[]): Generator<TimeRange> {
  const cut = cutter(closed);
  for (const run of empty) for (const piece of cut(run)) if (!piece.isWithin) yield piece;
}

/** Says why minutes are empty: of each what `whyEmpty` says of it by itself. Asked of one run of them after the other, ascending. */
export function gapCutter(closed: readonly TimeRange[], grounds: Grounds): (empty: TimeRange) => Generator<Gap> {
  const [cutByClosure, cutByOutage] = [cutter(closed), cutter(downMinutes(grounds))];
  return function* gapsOf(empty) {
    for (const piece of cutByClosure(empty)) {
      if (piece.isWithin) yield { fromUs: piece.fromUs, toUs: piece.toUs, reason: "market_closed" };
      else {
        for (const { fromUs, toUs, isWithin } of cutByOutage(piece)) {
          yield { fromUs, toUs, reason: isWithin ? "feed_down" : "no_ticks" };
        }
      }
    }
  };
}
