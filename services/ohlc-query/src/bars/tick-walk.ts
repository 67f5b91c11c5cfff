import { type Micros, type SymbolRange, US_PER_DAY, US_PER_MINUTE } from "@fx-ohlc/schemas";
import { invalid } from "@fx-ohlc/service-kit";
import { readKeptFrom } from "../archive/dropped-days.js";
import type { Reader } from "../reader.js";
import type { BarPage, BarRange, LastBars } from "./bar-page.js";
import { type CountedTicks, countTicks } from "./tick-count.js";
import { readTickPiece, type SingleTicks, type TickPiece } from "./tick-source.js";

/** Ticks that one page of bars is made of at most, some 0.5 s. What is more ends the page early; one bar of more is refused. */
export const TICKS_PER_PAGE_MAX = 500_000;
/** Ticks one statement reads at most, some 50 ms: reads that wait behind it on its connection hardly notice. */
const PIECE_MAX = 50_000;
/** Statements one page takes at most. */
const STATEMENTS_MAX = 40;
/** Short pages begin with as few ticks as this. */
const PIECE_MIN = 500;
const PIECE_GROWTH = 4;
/** Days that one statement looks through, and then more up to a bound: its plan leaves out all chunks of other times. */
const FIRST_SPAN_US = 8 * US_PER_DAY;
const SPAN_GROWTH = 4;
const SPAN_MAX_US = 256 * US_PER_DAY;

/** Which ticks to walk through. */
export interface TickRange extends SymbolRange {
  readonly withQuotes: boolean;
}

/** Some ticks of a walk, which follow those before, or precede them. */
export interface WalkedTicks extends SingleTicks {
  /** Up to here, or back to here, all ticks are walked through; a stamp that several share may be cut. */
  readonly reachedUs: Micros;
  /** Whether the range has no others. When a walk ends without such, it has come to its bound. */
  readonly isLast: boolean;
}

/** What is known of minutes. */
export interface Minutes {
  first(range: BarRange): Promise<BarPage>;
  last(range: BarRange): Promise<LastBars>;
}

/** @throws Problem 422: what is asked for is not made within the bound of one request */
export function refuseBar(bar: string): never {
  const message = `${bar} is made of more than ${TICKS_PER_PAGE_MAX.toLocaleString("en")} ticks, which is what one request reads`;
  throw invalid([{ field: "interval", message }]);
}

/** Reads ticks piece by piece within bounds. Where a piece of time holds none, the minutes tell where there are others. */
export class TickWalk {
  constructor(
    readonly reader: Reader,
    readonly minutes: Minutes,
  ) {}

  /** The part of a range of which ticks are kept begins here. */
  async keptFrom({ symbol, fromUs }: SymbolRange): Promise<Micros> {
    const keptFromUs = await this.reader.read((sql) => readKeptFrom(sql, symbol));
    return Math.max(keptFromUs, fromUs);
  }

  /** How many ticks an FX day has up to a place. */
  count(wanted: CountedTicks): Promise<number> {
    return countTicks(this.reader, wanted);
  }

  /**
   * From the start of a range on.
   *
   * @param afterSeq of the ticks at the very start only those after it are walked through
   * @param rows so many are read at first
   */
  async *forward(range: TickRange, afterSeq: number, rows: number): AsyncGenerator<WalkedTicks> {
    const pace = new Pace(rows);
    let [fromUs, seq] = [range.fromUs, afterSeq];
    while (pace.goesOn) {
      const untilUs = Math.min(range.toUs, fromUs + pace.spanUs);
      const { rowsMax } = pace;
      const ticks = await this.read({ ...range, fromUs, toUs: untilUs, seq, rowsMax, order: "asc" });
      const count = ticks.seq.length;
      pace.note(count);
      const isFull = count === rowsMax;
      [fromUs, seq] = isFull
        ? [ticks.columns.bucketUs[count - 1] ?? fromUs, ticks.seq[count - 1] ?? seq]
        : [untilUs, -1];
      if (count === 0 && fromUs < range.toUs) fromUs = (await this.#nextMinute(range, fromUs)) ?? range.toUs;
      const isLast = !isFull && fromUs >= range.toUs;
      yield { ...ticks, reachedUs: fromUs, isLast };
      if (isLast) return;
    }
  }

  /** From the end of a range back; the ticks of each piece are in order. */
  async *backward(range: TickRange, rows: number): AsyncGenerator<WalkedTicks> {
    const pace = new Pace(rows);
    let [toUs, seq] = [range.toUs, 0];
    while (pace.goesOn) {
      const sinceUs = Math.max(range.fromUs, toUs - pace.spanUs);
      const { rowsMax } = pace;
      const ticks = await this.read({ ...range, fromUs: sinceUs, toUs, seq, rowsMax, order: "desc" });
      const count = ticks.seq.length;
      pace.note(count);
      const isFull = count === rowsMax;
      [toUs, seq] = isFull ? [ticks.columns.bucketUs[0] ?? toUs, ticks.seq[0] ?? seq] : [sinceUs, 0];
      if (count === 0 && toUs > range.fromUs) toUs = (await this.#endOfMinuteBefore(range, toUs)) ?? range.fromUs;
      const isLast = !isFull && toUs <= range.fromUs;
      yield { ...ticks, reachedUs: toUs, isLast };
      if (isLast) return;
    }
  }

  protected read(piece: TickPiece): Promise<SingleTicks> {
    return readTickPiece(this.reader, piece);
  }

  async #nextMinute({ symbol, toUs }: TickRange, fromUs: Micros): Promise<Micros | undefined> {
    const minuteUs = Math.floor(fromUs / US_PER_MINUTE) * US_PER_MINUTE;
    const { bars } = await this.minutes.first({ ...this.minuteRange(symbol), fromUs: minuteUs, toUs });
    const found = bars.bucketAt(0);
    return found === undefined ? undefined : Math.max(found, fromUs);
  }

  async #endOfMinuteBefore({ symbol, fromUs }: TickRange, toUs: Micros): Promise<Micros | undefined> {
    const minuteUs = Math.floor(fromUs / US_PER_MINUTE) * US_PER_MINUTE;
    const { bars } = await this.minutes.last({ ...this.minuteRange(symbol), fromUs: minuteUs, toUs });
    const found = bars.bucketAt(0);
    return found === undefined ? undefined : Math.min(found + US_PER_MINUTE, toUs);
  }

  /** One minute of a symbol. */
  minuteRange(symbol: string): Omit<BarRange, "fromUs" | "toUs"> {
    return { symbol, interval: "1m", boundary: this.reader.dayBoundary, withQuotes: false, limit: 1 };
  }
}

/** How much the next statement reads, and whether there is one. */
class Pace {
  spanUs = FIRST_SPAN_US;
  #rows: number;
  #read = 0;
  #statements = 0;

  constructor(rows: number) {
    this.#rows = Math.min(PIECE_MAX, Math.max(PIECE_MIN, rows));
  }

  get goesOn(): boolean {
    return this.#statements < STATEMENTS_MAX && this.#read < TICKS_PER_PAGE_MAX;
  }

  get rowsMax(): number {
    return Math.min(this.#rows, TICKS_PER_PAGE_MAX - this.#read);
  }

  note(count: number): void {
    this.#statements += 1;
    this.#read += count;
    // Of a full piece the rest is near; of another one nothing is.
    if (count < this.#rows) this.spanUs = Math.min(SPAN_MAX_US, this.spanUs * SPAN_GROWTH);
    else this.#rows = Math.min(PIECE_MAX, this.#rows * PIECE_GROWTH);
  }
}
