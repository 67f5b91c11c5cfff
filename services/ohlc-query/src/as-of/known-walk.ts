import { bucketStart, type Micros, type SymbolRange, US_PER_MINUTE } from "@fx-ohlc/schemas";
import type { CountedTicks } from "../bars/tick-count.js";
import type { SingleTicks, TickPiece } from "../bars/tick-source.js";
import { type Minutes, TickWalk } from "../bars/tick-walk.js";
import type { Reader } from "../reader.js";
import { readChangedPiece, readKnownPiece } from "./known-ticks.js";
import type { Moment } from "./moment.js";

/** No minute of an FX day is beyond. */
const MINUTES_PER_DAY_MAX = 27 * 60;
/** Ticks of one stamp at most, and so of the part of a minute that is read piece by piece. */
const PIECE_ROWS = 50_000;

/** Walks through the ticks that were known at a moment. */
export class KnownWalk extends TickWalk {
  readonly #moment: Moment;

  /** @param minutes as they were known */
  constructor(reader: Reader, minutes: Minutes, moment: Moment) {
    super(reader, minutes);
    this.#moment = moment;
  }

  /** A range that reaches into what is dropped is refused where it is read. */
  override async keptFrom({ fromUs }: SymbolRange): Promise<Micros> {
    return fromUs;
  }

  override async count({ symbol, dayStartUs, upTo }: CountedTicks): Promise<number> {
    const minuteUs = Math.max(dayStartUs, bucketStart(upTo.timeUs, "1m", this.reader.dayBoundary));
    const range = { ...this.minuteRange(symbol), fromUs: dayStartUs, toUs: minuteUs, limit: MINUTES_PER_DAY_MAX };
    const { bars } = await this.minutes.first(range);
    let count = bars.arrays().tickCount.reduce((sum, ticks) => sum + ticks, 0);
    let [fromUs, seq] = [minuteUs, -1];
    for (let isFull = true; isFull; ) {
      const piece = { symbol, fromUs, toUs: upTo.timeUs + 1, seq, rowsMax: PIECE_ROWS, withQuotes: false };
      const { columns, seq: seqs } = await this.read({ ...piece, order: "asc" });
      const isWithin = (i: number) => columns.bucketUs[i] !== upTo.timeUs || (seqs[i] ?? 0) <= upTo.seq;
      count += seqs.filter((_seq, i) => isWithin(i)).length;
      isFull = seqs.length === PIECE_ROWS;
      [fromUs, seq] = [columns.bucketUs.at(-1) ?? fromUs, seqs.at(-1) ?? seq];
    }
    return count;
  }

  protected override read(piece: TickPiece): Promise<SingleTicks> {
    return readKnownPiece(
      this.reader,
      { ...piece, toUs: Math.min(piece.toUs, this.#moment.nothingFromUs) },
      this.#moment,
    );
  }
}

/** Days that one statement looks through at first, and at most. */
const FIRST_SPAN_US = 2 * 24 * 60 * US_PER_MINUTE;
const SPAN_GROWTH = 4;
const SPAN_MAX_US = 128 * FIRST_SPAN_US;

/**
 * All ticks of a range that has changed, as they were known, piece by piece.
 *
 * @param afterSeq of the ticks at its very start only those after it
 */
export async function* changedTicks(
  reader: Reader,
  { rowsMax, ...range }: Omit<TickPiece, "order" | "seq">,
  moment: Moment,
  afterSeq = -1,
): AsyncGenerator<SingleTicks> {
  const endUs = Math.min(range.toUs, moment.nothingFromUs);
  let [fromUs, seq, spanUs] = [range.fromUs, afterSeq, FIRST_SPAN_US];
  while (fromUs < endUs) {
    const toUs = Math.min(endUs, fromUs + spanUs);
    const ticks = await readChangedPiece(reader, { ...range, rowsMax, order: "asc", fromUs, toUs, seq }, moment);
    yield ticks;
    const isFull = ticks.seq.length === rowsMax;
    [fromUs, seq] = isFull ? [ticks.columns.bucketUs.at(-1) ?? toUs, ticks.seq.at(-1) ?? -1] : [toUs, -1];
    if (!isFull) spanUs = Math.min(SPAN_MAX_US, spanUs * SPAN_GROWTH);
  }
}
