import { STORED_LENGTH_US } from "@fx-ohlc/schemas";
import type { BarRead, BarsRead, ReadAnswer, ReadPlan } from "./bar-read.js";
import { History } from "./history.js";
import type { View, Wanted } from "./walk.js";

/** A span of no more stored bars is read whole: a day of minutes or a month of hours, some 2 ms. */
const SOURCES_MAX = 1500;

/**
 * Reads the first bars of a range, and all of their chunk with them where that holds others of it, but none beside them: a chunk has no
 * gaps, so that hours of a day that are asked for in no order would push one another out. Only where that costs little more.
 */
export class WholeSpanRead implements BarRead {
  readonly #wanted: Wanted;
  readonly #make: (wanted: Wanted) => BarRead;
  /** What is read instead of what is wanted. */
  #whole: Wanted | undefined;
  #read: BarRead | undefined;

  /** @param make of what to read */
  constructor(wanted: Wanted, make: (wanted: Wanted) => BarRead) {
    this.#wanted = wanted;
    this.#make = make;
  }

  plan(view: View): ReadPlan {
    if (this.#read === undefined) {
      this.#whole = wholeSpan(view, this.#wanted);
      this.#read = this.#make(this.#whole ?? this.#wanted);
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
    this.#read = this.#make(this.#wanted);
    return undefined;
  }
}

/**
 * The chunk that a range begins in, as far as it is closed; undefined when there is none, the range begins in it or beside it, or it is
 * made of too many stored bars.
 */
function wholeSpan({ history, mark }: View, { series, fromUs, toUs }: Wanted): Wanted | undefined {
  const span = series.spanAt(fromUs);
  const whole = {
    fromUs: series.atOrAfter(span.fromUs),
    toUs: Math.min(series.atOrAfter(span.toUs), History.closedTo(series, mark)),
  };
  if ((whole.toUs - whole.fromUs) / STORED_LENGTH_US[series.source] > SOURCES_MAX) return undefined;
  const held = history.chunkAt(series, fromUs)?.facts;
  const isApart = held !== undefined && (toUs < held.fromUs || fromUs > held.toUs);
  return isApart && toUs > fromUs && fromUs < whole.toUs ? { series, ...whole, rowsMax: SOURCES_MAX } : undefined;
}
