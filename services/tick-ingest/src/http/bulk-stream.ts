import type { FieldError, NewTick } from "@fx-ohlc/schemas";
import type { GroupCommit } from "../write/group-commit.js";
import type { Outcome, Refusal } from "../write/slot-allocator.js";
import { countOutcome } from "./bulk-json.js";
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

interface Row {
  readonly line: number;
  readonly tick: NewTick;
}

function sameStamp(a: NewTick, b: NewTick): boolean {
  return a.symbol === b.symbol && a.timeUs === b.timeUs;
}

/**
 * Commits a streamed body in chunks, one while the next is read.
 *
 * Adjacent lines of one symbol and time are a run: they are numbered together, and never split between chunks. At a bad line
 * everything before it is committed and the stream ends there, or goes on when bad lines are to be skipped.
 */
export class BulkStream {
  private rows: Row[] = [];
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

  constructor(
    private readonly commits: GroupCommit,
    private readonly format: LineFormat,
    private readonly onError: "stop" | "skip",
  ) {}

  /** @throws whatever a commit throws; {@link result} then tells what was committed before */
  async read(body: AsyncIterable<Buffer>): Promise<void> {
    try {
      for await (const lines of readLines(body)) {
        for (const line of lines) await this.take(line);
        if (this.stop !== undefined) return;
      }
    } catch (error) {
      if (!(error instanceof LineTooLongError)) throw error;
      await this.reject(error.line, [{ field: `line ${error.line}`, message: "is too long to be a tick" }], true);
    } finally {
      await this.commit(this.rows.splice(0));
      await this.committing;
    }
  }

  get result(): StreamResult {
    const { created, duplicates, lines, rejectedCount, rejected, stop } = this;
    return { created, duplicates, lines, rejectedCount, rejected, stop };
  }

  private async take(line: Line): Promise<void> {
    if (this.stop !== undefined) return;
    const result = this.format.read(line);
    if (result === undefined) return;
    if ("symbol" in result) return this.add(line.number, result);
    this.last = undefined;
    await this.reject(line.number, result, this.format.broken);
  }

  private async add(line: number, tick: NewTick): Promise<void> {
    if (this.last === undefined || !sameStamp(this.last, tick)) {
      this.run += 1;
      if (this.rows.length >= CHUNK_ROWS) await this.commit(this.rows.splice(0));
    }
    this.last = tick;
    this.rows.push({ line, tick: { ...tick, run: this.run } });
  }

  /** Starts a chunk's commit once the one before it is through. */
  private async commit(rows: Row[]): Promise<void> {
    await this.committing;
    if (rows.length === 0 || this.stop !== undefined) return;
    this.committing = this.commitRows(rows);
    // Awaited by the next chunk or the end; without this an early failure would count as unhandled meanwhile.
    this.committing.catch(() => {});
  }

  private async commitRows(rows: readonly Row[]): Promise<void> {
    const outcome = await this.commits.submit(rows.map(({ tick }) => tick));
    if (outcome.ok) this.count(rows, outcome);
    else await this.withoutRefused(rows, outcome.refusals);
  }

  private count(rows: readonly Row[], outcome: Outcome & { ok: true }): void {
    const { created, duplicates } = countOutcome(outcome);
    this.created += created;
    this.duplicates += duplicates;
    this.lines = rows.at(-1)?.line ?? this.lines;
  }

  /** Commits again what of a chunk can be: all but the refused rows, or what lies before the first of them. */
  private async withoutRefused(rows: readonly Row[], refusals: readonly Refusal[]): Promise<void> {
    const refused = new Map(refusals.map((refusal) => [refusal.index, refusal]));
    const [first = 0] = refused.keys();
    const skip = this.onError === "skip";
    const rest = skip ? rows.filter((_row, index) => !refused.has(index)) : rows.slice(0, first);
    if (rest.length > 0) await this.commitRows(rest);
    for (const refusal of skip ? refusals : refusals.slice(0, 1)) {
      const row = rows[refusal.index];
      if (row !== undefined)
        this.note(row.line, [refusalError(`line ${row.line}.`, row.tick, refusal)], !skip, [refusal]);
    }
  }

  private async reject(line: number, errors: readonly FieldError[], fatal: boolean): Promise<void> {
    const stops = fatal || this.onError === "stop";
    if (stops) await this.commit(this.rows.splice(0));
    if (stops) await this.committing;
    if (this.stop === undefined) this.note(line, errors, stops, []);
  }

  private note(line: number, errors: readonly FieldError[], stops: boolean, refusals: readonly Refusal[]): void {
    this.rejectedCount += 1;
    if (this.rejected.length < ERRORS_LISTED_MAX) this.rejected.push(...errors);
    if (stops) this.stop ??= { line, refusals };
  }
}
