import { formatTime, type Micros, TICKS_PER_STAMP_MAX } from "@fx-ohlc/schemas";
import { BadLineError, type Place, type Source } from "../tick-file/place.js";
import { type PriceChoice, symbolSuffixes } from "../tick-file/quote.js";
import { type BadLine, isTick } from "../tick-file/tick.js";
import type { Batch, FilesPosition, SymbolTick } from "../tick-file/tick-files.js";
import { ChunkRows, type TickKind } from "./chunk-rows.js";
import { Numbering, type NumberingState } from "./numbering.js";

/**
 * Ticks sent at a time. At 5,000 the cost of a request no longer shows in the rate, and what a kill loses is sent again in
 * well under a second.
 */
export const CHUNK_TICKS = 5_000;

/** How far an import has come: all that another run needs to go on from there. */
export interface Mark extends FilesPosition {
  readonly unit: Source["unit"];
  readonly numbering: NumberingState;
  /** The last tick before the mark, as the service stores it. */
  readonly tick: SentTick;
}

export interface SentTick {
  readonly symbol: string;
  readonly time: string;
  /** One of a price; bid and ask of a quote. */
  readonly prices: readonly number[];
}

/** Ticks that are sent together: a CSV document of its own. It never ends between two ticks of one stamp. */
export interface Chunk {
  readonly body: string;
  readonly symbols: readonly string[];
  /** What all its ticks are; undefined where there are both. */
  readonly kind: TickKind | undefined;
  /** Where each line of the body comes from that is not its header. */
  readonly places: readonly Place[];
  /** Whether some tick's place is for the service to find: whatever precedes it must be stored by then. */
  readonly hasUnnumbered: boolean;
  readonly end: Mark;
}

export interface ChunkOptions {
  /** As the files were read with. */
  readonly choice: PriceChoice | undefined;
  /** Added to every time. */
  readonly shiftUs: Micros;
  readonly ticksMax: number;
  /** Whether other ticks may have the places that these would take: the service finds each the next free one. */
  readonly isBeside?: boolean | undefined;
  /** Where the run before this one stopped. */
  readonly numbering?: NumberingState | undefined;
  /** Told of each bad line, which is then left out. */
  readonly onBadLine?: ((place: Place, problem: string) => void) | undefined;
}

/** Gathers ticks into a chunk. */
class ChunkBuilder {
  readonly #shiftUs: Micros;
  readonly #choice: PriceChoice | undefined;
  readonly #suffixes: readonly string[];
  readonly #numbering: Numbering;
  readonly #isBeside: boolean;
  #rows = new ChunkRows();
  #hasUnnumbered = false;
  #last: { tick: SymbolTick; batch: Batch } | undefined;

  constructor({ choice, shiftUs, numbering, isBeside = false }: ChunkOptions) {
    this.#isBeside = isBeside;
    this.#shiftUs = shiftUs;
    this.#choice = choice;
    this.#suffixes = symbolSuffixes(choice);
    this.#numbering = new Numbering(numbering);
  }

  /** Whether the chunk should end before a tick of that time. Of a quote as two symbols each side is a tick of its own. */
  endsBefore(timeUs: Micros, ticksMax: number): boolean {
    if (this.#rows.count < ticksMax) return false;
    // A run longer than a stamp can hold is refused wherever it is cut: it must not fill the memory first.
    return (
      timeUs !== this.#last?.tick.timeUs || this.#rows.count >= ticksMax + TICKS_PER_STAMP_MAX * this.#suffixes.length
    );
  }

  /** @throws RangeError when its stamp is full */
  add(tick: SymbolTick, batch: Batch): void {
    const number = this.#numbering.next(tick.symbol, tick.timeUs);
    const seq = this.#isBeside ? undefined : number;
    const time = formatTime(tick.timeUs + this.#shiftUs);
    const place = { source: batch.source, line: tick.line };
    this.#suffixes.forEach((suffix, index) => {
      this.#rows.add(tick.symbol + suffix, time, this.#pricesOf(tick, index), seq ?? "", place);
    });
    this.#hasUnnumbered ||= seq === undefined;
    this.#last = { tick, batch };
  }

  /** What is sent of a tick under the suffix of that index. */
  #pricesOf({ prices }: SymbolTick, index: number): readonly string[] {
    return this.#choice === "both" ? prices.slice(index, index + 1) : prices;
  }

  /** What has been gathered since the last call, if anything. */
  take(): Chunk[] {
    if (this.#last === undefined) return [];
    const { body, symbols, kind, places } = this.#rows;
    const chunk: Chunk = {
      ...{ body, symbols, kind, places },
      hasUnnumbered: this.#hasUnnumbered,
      end: this.#markAt(this.#last),
    };
    this.#rows = new ChunkRows();
    this.#hasUnnumbered = false;
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
    return { file, member, line, offset, unit: source.unit, numbering: this.#numbering.state, tick: sent };
  }
}

function addLine(builder: ChunkBuilder, line: SymbolTick | BadLine, batch: Batch): BadLine | undefined {
  if (!isTick(line)) return line;
  try {
    builder.add(line, batch);
    return undefined;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { line: line.line, problem: error.message };
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
    if (isTick(line) && builder.endsBefore(line.timeUs, options.ticksMax)) yield* builder.take();
    const bad = addLine(builder, line, batch);
    if (bad === undefined) continue;
    const place = { source: batch.source, line: bad.line };
    if (options.onBadLine === undefined) throw new BadLineError(place, bad.problem);
    options.onBadLine(place, bad.problem);
  }
}
