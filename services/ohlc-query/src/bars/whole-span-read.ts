import { STORED_LENGTH_US } from "@fx-ohlc/schemas";
import type { BarRead, BarsRead, ReadAnswer, ReadPlan } from "./bar-read.js";
import { History } from "./history.js";
import type { Series } from "./series.js";
import type { Span } from "./span.js";
import type { View, Wanted } from "./walk.js";

/** A span of no more stored bars is read whole: a day of minutes or a month of hours, some 2 ms. */
const SOURCES_MAX = 1500;

/** How a range is read: itself, or a whole span instead, and whether chunks of the same are used and made. */
interface Way {
  readonly whole: Wanted | undefined;
  readonly isKept: boolean;
}

/**
 * Reads the first bars of a range. A chunk has no gaps, so that hours of a day that are asked for in no order would push one another
 * out: where a chunk holds others of its span, but none beside them, all of the span is read with them if that costs little more, and
 * else what is held stays, unless it is the shorter.
 */
export class WholeSpanRead implements BarRead {
  readonly #wanted: Wanted;
  readonly #make: (wanted: Wanted, isKept: boolean) => BarRead;
  /** What is read instead of what is wanted. */
  #whole: Wanted | undefined;
  #read: BarRead | undefined;

  /** @param make of what to read, and whether chunks of the same are used and made */
  constructor(wanted: Wanted, make: (wanted: Wanted, isKept: boolean) => BarRead) {
    this.#wanted = wanted;
    this.#make = make;
  }

  plan(view: View): ReadPlan {
    if (this.#read === undefined) {
      const { whole, isKept } = wayOf(view, this.#wanted);
      this.#whole = whole;
      this.#read = this.#make(whole ?? this.#wanted, isKept);
    }
    return this.#read.plan(view);
  }

  take(view: View, answer: ReadAnswer): BarsRead | undefined {
    const read = this.#read?.take(view, answer);
    const { fromUs, toUs } = this.#wanted;
    if (read === undefined || this.#whole === undefined) return read;
    if (read.moreUs === undefined && toUs <= this.#whole.toUs)
      return { ...read, bars: read.bars.between(fromUs, toUs) };
    this.#whole = undefined;
    this.#read = this.#make(this.#wanted, true);
    return undefined;
  }
}

/** By the chunk that a range begins in, as far as that is closed. */
function wayOf({ history, mark }: View, { series, fromUs, toUs }: Wanted): Way {
  const span = series.spanAt(fromUs);
  const whole = {
    fromUs: series.atOrAfter(span.fromUs),
    toUs: Math.min(series.atOrAfter(span.toUs), History.closedTo(series, mark)),
  };
  const held = history.chunkAt(series, fromUs)?.facts;
  const isApart = held !== undefined && (toUs < held.fromUs || fromUs > held.toUs) && fromUs < whole.toUs;
  if (!isApart || toUs <= fromUs) return { whole: undefined, isKept: true };
  if (sourcesIn(series, whole) <= SOURCES_MAX) {
    return { whole: { series, ...whole, rowsMax: SOURCES_MAX }, isKept: true };
  }
  return { whole: undefined, isKept: Math.min(toUs, whole.toUs) - fromUs > held.toUs - held.fromUs };
}

/** How many stored bars the bars of a span are made of, at most. */
function sourcesIn({ source }: Series, { fromUs, toUs }: Span): number {
  return (toUs - fromUs) / STORED_LENGTH_US[source];
}
