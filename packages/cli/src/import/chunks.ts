import { formatTime, type Micros, TICKS_PER_STAMP_MAX } from "@fx-ohlc/schemas";
import { BadLineError, type Place, type Source } from "../tick-file/place.js";
import { type PriceChoice, symbolSuffixes } from "../tick-file/quote.js";
import { isTick } from "../tick-file/tick.js";
import type { Batch, FilesPosition, SymbolTick } from "../tick-file/tick-files.js";
import { ChunkRows, type TickKind } from "./chunk-rows.js";

/**
 * Ticks sent at a time. At 5,000 the cost of a request no longer shows in the rate, and what a kill loses is sent again in
 * well under a second.
 */
export const CHUNK_TICKS = 5_000;

/** How far an import has come: all that another run needs to go on from there. */
export interface Mark extends FilesPosition {
  readonly unit: Source["unit"];
  /** The last tick before the mark, as the service stores it. */
  readonly tick: SentTick;
}

export interface SentTick {
  readonly symbol: string;
  readonly time: string;
  /** One of a price; bid and ask of a quote. */
  readonly prices: readonly number[];
}

/**
 * Ticks that are sent together: a CSV document of its own. Ticks of one stamp that stand side by side in a file are in one chunk, for
 * the service numbers them by that; those of one stamp that are in two files are not, for the second file may repeat the first.
 */
export interface Chunk {
  readonly rows: ChunkRows;
  /** Of the rows, as they are sent. */
  readonly body: string;
  readonly symbols: readonly string[];
  /** What all its ticks are; undefined where there are both. */
  readonly kind: TickKind | undefined;
  /** Where each line of the body comes from that is not its header. */
  readonly places: readonly Place[];
  /** Whether some tick may share its stamp with one before the chunk: whatever precedes it must be stored by then. */
  readonly isOutOfOrder: boolean;
  readonly end: Mark;
}

export interface ChunkOptions {
  /** As the files were read with. */
  readonly choice: PriceChoice | undefined;
  /** Added to every time. */
  readonly shiftUs: Micros;
  readonly ticksMax: number;
  /** Told of each bad line, which is then left out. */
  readonly onBadLine?: ((place: Place, problem: string) => void) | undefined;
}

/** What is known of a symbol across chunks. */
interface SymbolState {
  /** Its latest time before this chunk, and in all. */
  latestBeforeUs: Micros;
  latestUs: Micros;
  /** Of its last tick. */
  timeUs: Micros;
  file: number;
  member: number;
}

/** Gathers ticks into a chunk. */
class ChunkBuilder {
  readonly #shiftUs: Micros;
  readonly #choice: PriceChoice | undefined;
  readonly #suffixes: readonly string[];
  /** By the symbol that the files say. */
  readonly #states = new Map<string, SymbolState>();
  #rows = new ChunkRows();
  #isOutOfOrder = false;
  #last: { tick: SymbolTick; batch: Batch } | undefined;

  constructor({ choice, shiftUs }: ChunkOptions) {
    this.#shiftUs = shiftUs;
    this.#choice = choice;
    this.#suffixes = symbolSuffixes(choice);
  }

  /** Whether the chunk should end before a tick. Of a quote as two symbols each side is a tick of its own. */
  endsBefore(tick: SymbolTick, batch: Batch, ticksMax: number): boolean {
    if (this.#last === undefined) return false;
    if ((tick.seq !== undefined) !== this.#rows.hasSeq || this.#mayRepeat(tick, batch)) return true;
    if (this.#rows.count < ticksMax) return false;
    // A run longer than a stamp can hold is refused wherever it is cut: it must not fill the memory first.
    const countMax = ticksMax + TICKS_PER_STAMP_MAX * this.#suffixes.length;
    return tick.timeUs !== this.#last.tick.timeUs || this.#rows.count >= countMax;
  }

  /** Whether the symbol's last tick is of the same stamp, in another file, and in this chunk. */
  #mayRepeat({ symbol, timeUs }: SymbolTick, { file, member }: Batch): boolean {
    const last = this.#states.get(symbol);
    if (last === undefined || last.timeUs !== timeUs || !this.#rows.has(symbol + this.#suffixes[0])) return false;
    return last.file !== file || last.member !== member;
  }

  add(tick: SymbolTick, batch: Batch): void {
    const time = formatTime(tick.timeUs + this.#shiftUs);
    const place = { source: batch.source, line: tick.line };
    this.#suffixes.forEach((suffix, index) => {
      this.#rows.add(tick.symbol + suffix, { time, prices: this.#pricesOf(tick, index), seq: tick.seq, place });
    });
    this.#note(tick, batch);
    this.#last = { tick, batch };
  }

  /** What is sent of a tick under the suffix of that index. */
  #pricesOf({ prices }: SymbolTick, index: number): readonly string[] {
    return this.#choice === "both" ? prices.slice(index, index + 1) : prices;
  }

  #note({ symbol, timeUs }: SymbolTick, { file, member }: Batch): void {
    const state = this.#states.get(symbol);
    if (state === undefined) {
      const latestBeforeUs = Number.NEGATIVE_INFINITY;
      this.#states.set(symbol, { latestBeforeUs, latestUs: timeUs, timeUs, file, member });
      return;
    }
    if (timeUs <= state.latestBeforeUs) this.#isOutOfOrder = true;
    state.latestUs = Math.max(state.latestUs, timeUs);
    state.timeUs = timeUs;
    state.file = file;
    state.member = member;
  }

  /** What has been gathered since the last call, if anything. */
  take(): Chunk[] {
    if (this.#last === undefined) return [];
    const rows = this.#rows;
    const { symbols, kind, places } = rows;
    const chunk: Chunk = {
      ...{ rows, body: rows.body(), symbols, kind, places },
      isOutOfOrder: this.#isOutOfOrder,
      end: this.#markAt(this.#last),
    };
    for (const state of this.#states.values()) state.latestBeforeUs = state.latestUs;
    this.#rows = new ChunkRows();
    this.#isOutOfOrder = false;
    this.#last = undefined;
    return [chunk];
  }

  #markAt({ tick, batch }: { tick: SymbolTick; batch: Batch }): Mark {
    const { symbol, timeUs, line, end: offset } = tick;
    const sent = {
      symbol: `${symbol}${this.#suffixes[0]}`,
      time: formatTime(timeUs + this.#shiftUs),
      prices: this.#pricesOf(tick, 0).map(Number),
    };
    const { file, member, source } = batch;
    return { file, member, line, offset, unit: source.unit, tick: sent };
  }
}

/**
 * The ticks of files in chunks. Without `onBadLine` the first bad line ends them, after the chunk before it; so does whatever
 * ends the batches.
 *
 * @throws BadLineError at a bad line that ends the chunks
 */
export async function* chunksOf(batches: AsyncIterable<Batch>, options: ChunkOptions): AsyncGenerator<Chunk> {
  const builder = new ChunkBuilder(options);
  try {
    for await (const batch of batches) yield* chunksOfBatch(batch, builder, options);
  } catch (error) {
    yield* builder.take();
    throw error;
  }
  yield* builder.take();
}

function* chunksOfBatch(batch: Batch, builder: ChunkBuilder, options: ChunkOptions): Generator<Chunk> {
  for (const line of batch.lines) {
    if (isTick(line)) {
      if (builder.endsBefore(line, batch, options.ticksMax)) yield* builder.take();
      builder.add(line, batch);
      continue;
    }
    const place = { source: batch.source, line: line.line };
    if (options.onBadLine === undefined) throw new BadLineError(place, line.problem);
    options.onBadLine(place, line.problem);
  }
}
