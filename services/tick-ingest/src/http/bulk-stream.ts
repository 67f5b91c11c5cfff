import { type FieldError, type NewTick, type TickRules, US_PER_DAY } from "@fx-ohlc/schemas";
import { type Caller, requireSymbols } from "@fx-ohlc/service-kit";
import { NEW_DAYS_MAX } from "../write/commit-bounds.js";
import type { GroupCommit } from "../write/group-commit.js";
import { COMMIT_SYMBOLS_MAX } from "../write/request-symbols.js";
import type { Refusal } from "../write/slot-allocator.js";
import type { LineFormat } from "./line-formats.js";
import { type Line, LineTooLongError, readLines } from "./line-reader.js";
import { ERRORS_LISTED_MAX, refusalError } from "./refusals.js";

/** Rows of one atomic chunk: at this size a commit costs least per row. */
const CHUNK_ROWS = 5000;

/** What a streamed body came to. */
export interface StreamResult {
  readonly created: number;
  readonly duplicates: number;
  /** Lines up to and including this one are stored, or were rejected by `on_error=skip`. */
  readonly lines: number;
  /** Rejected lines; with `on_error=stop` at most the one that ended the stream. */
  readonly rejectedCount: number;
  readonly rejected: readonly FieldError[];
  /** Why the stream ended early. */
  readonly stop: { readonly line: number; readonly refusals: readonly Refusal[] } | undefined;
}

/** Ticks that are committed together, and the lines they were on. */
class Chunk {
  readonly ticks: NewTick[] = [];
  readonly lines: number[] = [];
  readonly #symbols = new Set<string>();
  readonly #days = new Set<number>();
  /** Of the newest tick; empty before the first. */
  lastSymbol = "";
  #lastDay = Number.NaN;

  add(line: number, tick: NewTick): void {
    this.ticks.push(tick);
    this.lines.push(line);
    const day = Math.floor(tick.timeUs / US_PER_DAY);
    if (tick.symbol !== this.lastSymbol) this.#symbols.add(tick.symbol);
    if (day !== this.#lastDay) this.#days.add(day);
    this.lastSymbol = tick.symbol;
    this.#lastDay = day;
  }

  /** Whether the next run belongs to the next chunk. */
  get isFull(): boolean {
    return (
      this.ticks.length >= CHUNK_ROWS || this.#symbols.size >= COMMIT_SYMBOLS_MAX || this.#days.size >= NEW_DAYS_MAX
    );
  }

  /** What is on some of its places. */
  of(isWanted: (place: number) => boolean): Chunk {
    const chunk = new Chunk();
    this.ticks.forEach((tick, place) => {
      if (isWanted(place)) chunk.add(this.lines[place] ?? 0, tick);
    });
    return chunk;
  }
}

function sameStamp(a: NewTick, b: NewTick): boolean {
  return a.symbol === b.symbol && a.timeUs === b.timeUs;
}

/** What a streamed body is read with. */
export interface BulkStreamOptions {
  readonly commits: GroupCommit;
  readonly format: LineFormat;
  readonly onError: "stop" | "skip";
  readonly rules: () => TickRules;
  readonly caller: Caller;
}

/**
 * Commits a streamed body in chunks, one while the next is read.
 *
 * Adjacent lines of one symbol and time are a run: they are numbered together, and never split between chunks. At a bad line
 * everything before it is committed and the stream ends there, or goes on when bad lines are to be skipped.
 */
export class BulkStream {
  private chunk = new Chunk();
  /** The number of the last line's run; that line's tick is undefined when it was none. */
  private run = 0;
  private last: NewTick | undefined;
  private committing: Promise<void> = Promise.resolve();
  private created = 0;
  private duplicates = 0;
  private lines = 0;
  private rejectedCount = 0;
  private readonly rejected: FieldError[] = [];
  private stop: StreamResult["stop"];

  constructor(private readonly options: BulkStreamOptions) {}

  /** @throws whatever a commit throws, 403 at a symbol that the caller may not touch; {@link result} then tells what was committed before */
  async read(body: AsyncIterable<Buffer>): Promise<void> {
    try {
      for await (const lines of readLines(body)) {
        const limits = this.options.rules();
        for (const line of lines) {
          // Nearly every line only joins its chunk: waiting for that would take as long as reading it.
          const waits = this.take(line, limits);
          if (waits !== undefined) await waits;
        }
        if (this.stop !== undefined) return;
      }
    } catch (error) {
      if (!(error instanceof LineTooLongError)) throw error;
      await this.reject(error.line, [{ field: `line ${error.line}`, message: "is too long to be a tick" }], true);
    } finally {
      await this.commit();
      await this.committing;
    }
  }

  get result(): StreamResult {
    const { created, duplicates, lines, rejectedCount, rejected, stop } = this;
    return { created, duplicates, lines, rejectedCount, rejected, stop };
  }

  private take(line: Line, limits: TickRules): Promise<void> | undefined {
    if (this.stop !== undefined) return undefined;
    const { format } = this.options;
    const result = format.read(line, limits);
    if (result === undefined) return undefined;
    if ("symbol" in result) return this.add(line.number, result);
    this.last = undefined;
    return this.reject(line.number, result, format.broken);
  }

  private add(line: number, tick: NewTick): Promise<void> | undefined {
    // Nearly every line is of the symbol before it.
    if (tick.symbol !== this.chunk.lastSymbol) requireSymbols(this.options.caller, [tick.symbol]);
    const isOfRun = this.last !== undefined && sameStamp(this.last, tick);
    const isFull = !isOfRun && this.chunk.isFull;
    if (!isOfRun) this.run += 1;
    tick.run = this.run;
    this.last = tick;
    const waits = isFull ? this.commit() : undefined;
    this.chunk.add(line, tick);
    return waits;
  }

  /** Starts the commit of what was read, once the one before it is through. */
  private async commit(): Promise<void> {
    const { chunk } = this;
    this.chunk = new Chunk();
    await this.committing;
    if (chunk.ticks.length === 0 || this.stop !== undefined) return;
    this.committing = this.commitChunk(chunk);
    // Awaited by the next chunk or the end; without this an early failure would count as unhandled meanwhile.
    this.committing.catch(() => {});
  }

  private async commitChunk(chunk: Chunk): Promise<void> {
    const { ticks, lines } = chunk;
    // Who sends faster than it may is read more slowly.
    await this.options.caller.quota?.pace("ticks_per_second", ticks.length);
    const outcome = await this.options.commits.submit(ticks);
    if (!outcome.ok) return this.withoutRefused(chunk, outcome.refusals);
    this.created += outcome.created;
    this.duplicates += ticks.length - outcome.created;
    this.lines = lines.at(-1) ?? this.lines;
  }

  /** Commits again what of a chunk can be: all but the refused rows, or what lies before the first of them. */
  private async withoutRefused(chunk: Chunk, refusals: readonly Refusal[]): Promise<void> {
    const refused = new Set(refusals.map(({ index }) => index));
    const [first = 0] = refused;
    const skip = this.options.onError === "skip";
    const rest = chunk.of((place) => (skip ? !refused.has(place) : place < first));
    if (rest.ticks.length > 0) await this.commitChunk(rest);
    for (const refusal of skip ? refusals : refusals.slice(0, 1)) {
      const line = chunk.lines[refusal.index];
      const tick = chunk.ticks[refusal.index];
      if (line !== undefined) this.note(line, [refusalError(`line ${line}.`, tick, refusal)], !skip, [refusal]);
    }
  }

  private async reject(line: number, errors: readonly FieldError[], fatal: boolean): Promise<void> {
    const stops = fatal || this.options.onError === "stop";
    if (stops) await this.commit();
    if (stops) await this.committing;
    if (this.stop === undefined) this.note(line, errors, stops, []);
  }

  private note(line: number, errors: readonly FieldError[], stops: boolean, refusals: readonly Refusal[]): void {
    this.rejectedCount += 1;
    if (this.rejected.length < ERRORS_LISTED_MAX) this.rejected.push(...errors);
    if (stops) this.stop ??= { line, refusals };
  }
}
