import { formatTime, type Micros, TICKS_PER_STAMP_MAX } from "@fx-ohlc/schemas";
import type { Position } from "../tick-file/line-splitter.js";
import type { BadLine, FileTick, TickText } from "../tick-file/tick-text.js";
import { Numbering, type NumberingState } from "./numbering.js";

/**
 * Ticks sent at a time. At 5,000 the cost of a request no longer shows in the rate, and what a kill loses is sent again in
 * well under a second.
 */
export const CHUNK_TICKS = 5_000;

/** How far an import has come: all that another run needs to go on from there. */
export interface Mark extends Position {
  readonly numbering: NumberingState;
  /** The last tick before the mark, as the service stores it. */
  readonly tick: SentTick;
}

export interface SentTick {
  readonly time: string;
  readonly price: number;
}

/** Ticks that are sent together: a CSV document of its own. It never ends between two ticks of one stamp. */
export interface Chunk {
  readonly body: string;
  /** The file's line of each line of the body that is not its header. */
  readonly lines: readonly number[];
  /** Whether some tick's place is for the service to find: whatever precedes it must be stored by then. */
  readonly hasUnnumbered: boolean;
  readonly end: Mark;
}

export interface ChunkOptions {
  readonly symbol: string;
  /** Added to every time. */
  readonly shiftUs: Micros;
  readonly ticksMax: number;
  /** Where the run before this one stopped. */
  readonly numbering?: NumberingState | undefined;
  /** Told of each bad line, which is then left out. */
  readonly onBadLine?: ((bad: BadLine) => void) | undefined;
}

/** A line that ends the import. */
export class BadLineError extends Error {
  override readonly name = "BadLineError";

  constructor(
    readonly line: number,
    problem: string,
  ) {
    super(`line ${line}: ${problem}`);
  }
}

const HEADER = "time,symbol,price,seq\n";

/** Gathers ticks into a chunk. */
class ChunkBuilder {
  readonly #symbol: string;
  readonly #shiftUs: Micros;
  readonly #numbering: Numbering;
  #body = HEADER;
  #lines: number[] = [];
  #hasUnnumbered = false;
  #last: FileTick | undefined;

  constructor({ symbol, shiftUs, numbering }: ChunkOptions) {
    this.#symbol = symbol;
    this.#shiftUs = shiftUs;
    this.#numbering = new Numbering(numbering);
  }

  /** Whether the chunk should end before a tick of that time. */
  endsBefore(timeUs: Micros, ticksMax: number): boolean {
    if (this.#lines.length < ticksMax) return false;
    // A run longer than a stamp can hold is refused wherever it is cut: it must not fill the memory first.
    return timeUs !== this.#last?.timeUs || this.#lines.length >= ticksMax + TICKS_PER_STAMP_MAX;
  }

  /** @throws RangeError when its stamp is full */
  add(tick: FileTick): void {
    const seq = this.#numbering.next(tick.timeUs);
    this.#body += `${formatTime(tick.timeUs + this.#shiftUs)},${this.#symbol},${tick.price},${seq ?? ""}\n`;
    this.#lines.push(tick.line);
    this.#hasUnnumbered ||= seq === undefined;
    this.#last = tick;
  }

  /** What has been gathered since the last call, if anything. */
  take(): Chunk[] {
    if (this.#last === undefined) return [];
    const { line, end, timeUs, price } = this.#last;
    const tick = { time: formatTime(timeUs + this.#shiftUs), price: Number(price) };
    const chunk: Chunk = {
      body: this.#body,
      lines: this.#lines,
      hasUnnumbered: this.#hasUnnumbered,
      end: { line, offset: end, numbering: this.#numbering.state, tick },
    };
    this.#body = HEADER;
    this.#lines = [];
    this.#hasUnnumbered = false;
    this.#last = undefined;
    return [chunk];
  }
}

function addTick(builder: ChunkBuilder, tick: FileTick): BadLine | undefined {
  try {
    builder.add(tick);
    return undefined;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return { line: tick.line, end: tick.end, problem: error.message };
  }
}

/**
 * The ticks of a file in chunks. Without `onBadLine` the first bad line ends them, after the chunk before it.
 *
 * @throws BadLineError at a bad line that ends the chunks
 */
export async function* chunksOf(text: TickText, options: ChunkOptions): AsyncGenerator<Chunk> {
  const builder = new ChunkBuilder(options);
  for await (const lines of text.lines()) {
    for (const line of lines) {
      if ("timeUs" in line && builder.endsBefore(line.timeUs, options.ticksMax)) yield* builder.take();
      const bad = "timeUs" in line ? addTick(builder, line) : line;
      if (bad === undefined) continue;
      if (options.onBadLine === undefined) {
        yield* builder.take();
        throw new BadLineError(bad.line, bad.problem);
      }
      options.onBadLine(bad);
    }
  }
  yield* builder.take();
}
