import { type FieldError, type Micros, type NewTick, type TickRules, US_PER_DAY } from "@fx-ohlc/schemas";
import { type Caller, Problem, requireCurrent, requireSymbols, type TraceSpan } from "@fx-ohlc/service-kit";
import type { HearTicks } from "../feeds/named-feed.js";
import { NEW_DAYS_MAX } from "../write/commit-bounds.js";
import type { GroupCommit } from "../write/group-commit.js";
import type { Outcome } from "../write/placement.js";
import { COMMIT_SYMBOLS_MAX } from "../write/request-symbols.js";
import type { EarlierRun, Refusal } from "../write/slot-allocator.js";
import { NO_ROOM } from "./body-budget.js";
import type { LineFormat } from "./line-formats.js";
import { type Line, LineCutter, LineTooLongError } from "./line-reader.js";
import { ERRORS_LISTED_MAX, refusalError } from "./refusals.js";

/** Rows of one atomic chunk: at this size a commit costs least per row. */
const CHUNK_ROWS = 5000;
/** A row does not wait longer for others of its chunk; it is promised to be stored within a second. */
const ROW_WAITS_MAX_MS = 400;
/** A sender that is silent for so long, or sends no whole line, is gone. */
const SILENCE_MAX_MS = 60_000;
/** What a row takes that waits to be written. */
const ROW_BYTES = 128;

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
  /** When each came, by the database's clock, where somebody asks. */
  readonly receivedUs: Micros[] = [];
  /** When its first row came. */
  sinceMs = 0;
  readonly #symbols = new Set<string>();
  readonly #days = new Set<number>();
  /** Of the newest tick; empty before the first. */
  lastSymbol = "";
  #lastDay = Number.NaN;

  add(line: number, tick: NewTick, receivedUs?: Micros): void {
    this.ticks.push(tick);
    this.lines.push(line);
    if (receivedUs !== undefined) this.receivedUs.push(receivedUs);
    const day = Math.floor(tick.timeUs / US_PER_DAY);
    if (tick.symbol !== this.lastSymbol) this.#symbols.add(tick.symbol);
    if (day !== this.#lastDay) this.#days.add(day);
    this.lastSymbol = tick.symbol;
    this.#lastDay = day;
  }

  /** Whether even the run that it ends with goes on in the next one. */
  get isOverfull(): boolean {
    return this.ticks.length >= 2 * CHUNK_ROWS;
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
      if (isWanted(place)) chunk.add(this.lines[place] ?? 0, tick, this.receivedUs[place]);
    });
    return chunk;
  }
}

function sameStamp(a: NewTick, b: NewTick): boolean {
  return a.symbol === b.symbol && a.timeUs === b.timeUs;
}

/** Of the memory for bodies under way. */
interface Room {
  /** @returns false when there is none for so many bytes */
  hold(bytes: number): boolean;
  release(bytes: number): void;
}

/** What a streamed body is read with. */
export interface BulkStreamOptions {
  readonly commits: GroupCommit;
  readonly format: LineFormat;
  readonly onError: "stop" | "skip";
  readonly rules: () => TickRules;
  readonly room: Room;
  readonly caller: Caller;
  /** Of its request; undefined: nobody records it. */
  readonly span?: TraceSpan | undefined;
  /** Told of what was stored; undefined: nobody asks. */
  readonly hear?: HearTicks | undefined;
}

/**
 * The run that some ticks end with, for those that go on with it.
 *
 * @param before the run that the ticks themselves went on with
 */
function lastRunOf(
  ticks: readonly NewTick[],
  seqs: readonly number[],
  before: EarlierRun | undefined,
): EarlierRun | undefined {
  const last = ticks.at(-1);
  if (last === undefined) return before;
  const isSame = before?.run === last.run;
  const taken = new Set(isSame ? before.seqs : []);
  let numbered = isSame ? before.numbered : 0;
  for (let at = ticks.length - 1; ticks[at]?.run === last.run; at -= 1) {
    taken.add(seqs[at] ?? 0);
    if (ticks[at]?.seq === undefined) numbered += 1;
  }
  return { run: last.run, symbol: last.symbol, timeUs: last.timeUs, seqs: taken, numbered };
}

/**
 * Commits a streamed body in chunks, one while the next is read.
 *
 * Adjacent lines of one symbol and time are a run: they are numbered together. A chunk ends with a run, unless the sender pauses
 * within one, or it does not end: then the rest of it is numbered on. At a bad line everything before it is committed and the
 * stream ends there, or goes on when bad lines are to be skipped.
 */
export class BulkStream {
  private chunk = new Chunk();
  /** The number of the last line's run; that line's tick is undefined when it was none. */
  private run = 0;
  private last: NewTick | undefined;
  /** What was committed last ended with it. */
  private lastRun: EarlierRun | undefined;
  private committing: Promise<void> = Promise.resolve();
  /** Lines of the last piece that joined a chunk. */
  private added = 0;
  private created = 0;
  private duplicates = 0;
  private lines = 0;
  private rejectedCount = 0;
  private readonly rejected: FieldError[] = [];
  private stop: StreamResult["stop"];
  /** What a commit failed with. */
  private failure: { readonly error: unknown } | undefined;

  constructor(private readonly options: BulkStreamOptions) {}

  /**
   * @param body an empty piece says that nothing has come for a while
   * @throws Problem 403 at a symbol that the caller may not touch, 408 after a silence, 503 when there is no room; whatever a commit
   *   throws; {@link result} then tells what was committed before
   */
  async read(body: AsyncIterable<Buffer>): Promise<void> {
    const cutter = new LineCutter(this.options.format.quotes);
    let heardAtMs = performance.now();
    try {
      for await (const piece of body) {
        const ends = cutter.count;
        await this.takeAll(cutter.cut(piece));
        if (this.stop !== undefined) return;
        // Also while nothing comes: who waits for his next rows is told now.
        if (this.failure !== undefined) throw this.failure.error;
        const nowMs = performance.now();
        if (cutter.count > ends) heardAtMs = nowMs;
        if (nowMs - heardAtMs >= SILENCE_MAX_MS) throw silence();
        if (this.chunk.ticks.length > 0 && nowMs - this.chunk.sinceMs >= ROW_WAITS_MAX_MS) await this.commit();
      }
      await this.takeAll(cutter.end());
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

  private async takeAll(lines: readonly Line[]): Promise<void> {
    await this.makeRoom(lines.length * ROW_BYTES);
    const limits = this.options.rules();
    for (const line of lines) {
      // Nearly every line only joins its chunk: waiting for that would take as long as reading it.
      const waits = this.take(line, limits);
      if (waits !== undefined) await waits;
    }
    this.options.room.release((lines.length - this.added) * ROW_BYTES);
    this.added = 0;
  }

  /** Where there is none, what was read is written first. */
  private async makeRoom(bytes: number): Promise<void> {
    if (this.options.room.hold(bytes)) return;
    await this.commit();
    await this.committing;
    if (!this.options.room.hold(bytes)) throw NO_ROOM;
  }

  private take(line: Line, limits: TickRules): Promise<void> | undefined {
    if (this.stop !== undefined) return undefined;
    const { format } = this.options;
    const result = format.read(line, limits);
    if (result === undefined) return undefined;
    if ("symbol" in result) return this.add(line.number, result, limits.nowUs);
    this.last = undefined;
    return this.reject(line.number, result, format.broken);
  }

  private add(line: number, tick: NewTick, nowUs: Micros): Promise<void> | undefined {
    // Nearly every line is of the symbol before it.
    if (tick.symbol !== this.chunk.lastSymbol) requireSymbols(this.options.caller, [tick.symbol]);
    const isOfRun = this.last !== undefined && sameStamp(this.last, tick);
    const isFull = isOfRun ? this.chunk.isOverfull : this.chunk.isFull;
    if (!isOfRun) this.run += 1;
    tick.run = this.run;
    this.last = tick;
    const waits = isFull ? this.commit() : undefined;
    if (this.chunk.ticks.length === 0) this.chunk.sinceMs = performance.now();
    this.chunk.add(line, tick, this.options.hear === undefined ? undefined : nowUs);
    this.added += 1;
    return waits;
  }

  /** Starts the commit of what was read, once the one before it is through. */
  private async commit(): Promise<void> {
    const { chunk } = this;
    this.chunk = new Chunk();
    await this.committing;
    if (chunk.ticks.length === 0 || this.stop !== undefined) return;
    this.committing = this.commitChunk(chunk).finally(() => this.options.room.release(chunk.ticks.length * ROW_BYTES));
    this.committing.catch((error: unknown) => {
      this.failure = { error };
    });
  }

  private async commitChunk(chunk: Chunk): Promise<void> {
    const { ticks, lines } = chunk;
    requireCurrent(this.options.caller);
    // Who sends faster than it may is read more slowly.
    await this.options.caller.quota?.pace("ticks_per_second", ticks.length);
    const outcome = await this.submit(ticks);
    if (!outcome.ok) return this.withoutRefused(chunk, outcome.refusals);
    this.options.hear?.(ticks, chunk.receivedUs);
    this.created += outcome.created;
    this.duplicates += ticks.length - outcome.created;
    this.lines = lines.at(-1) ?? this.lines;
  }

  private async submit(ticks: readonly NewTick[]): Promise<Outcome> {
    const earlier = this.lastRun?.run === ticks[0]?.run ? this.lastRun : undefined;
    const outcome = await this.options.commits.submit(ticks, { earlier, span: this.options.span });
    if (outcome.ok) this.lastRun = lastRunOf(ticks, outcome.seqs, earlier);
    return outcome;
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
    this.rejected.push(...errors.slice(0, ERRORS_LISTED_MAX - this.rejected.length));
    if (stops) this.stop ??= { line, refusals };
  }
}

function silence(): Problem {
  return new Problem("request_timeout", `no whole line came for ${SILENCE_MAX_MS / 1000} s`);
}
