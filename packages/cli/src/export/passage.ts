import type { FileFormat } from "@fx-ohlc/client";
import { type Micros, parseTime } from "@fx-ohlc/schemas";
import { type Noun, type Progress, showProgress } from "../progress.js";
import type { Context } from "../terminal.js";

/** A byte that stands once in each row, and so often besides; a Parquet file says at its end how many rows it has. */
const ROW_MARKS = {
  csv: { byte: "\n".charCodeAt(0), besides: 1 },
  ndjson: { byte: "{".charCodeAt(0), besides: 0 },
  json: { byte: "{".charCodeAt(0), besides: 0 },
  parquet: undefined,
} as const satisfies Readonly<Record<FileFormat, { byte: number; besides: number } | undefined>>;

/** No row of text is longer. */
const ROW_BYTES_MAX = 1024;
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{6})?Z/g;

/** The last time that rows of text tell, which is the place that they have come to. */
function lastTime(rows: Uint8Array): Micros | undefined {
  const end = Buffer.from(rows.subarray(-ROW_BYTES_MAX)).toString("latin1");
  return parseTime(end.match(TIME)?.at(-1));
}

/** What passes. */
export interface Passing {
  readonly format: FileFormat;
  readonly noun: Noun;
  /** Where the last row can be. */
  readonly endUs: Micros;
}

/** Counts rows as their bytes pass, and shows how far they have come in time. */
export class Passage {
  #progress: Progress;
  #startUs: Micros | undefined;
  #marks = 0;
  #bytes = 0;

  constructor(
    private readonly context: Context,
    private readonly passing: Passing,
  ) {
    this.#progress = showProgress(context.terminal, undefined);
  }

  /** How many rows have passed; undefined where that does not show. */
  get rows(): number | undefined {
    const mark = ROW_MARKS[this.passing.format];
    return mark === undefined ? undefined : Math.max(0, this.#marks - mark.besides);
  }

  /** Whether anything has passed. */
  get hasBegun(): boolean {
    return this.#bytes > 0;
  }

  trouble(text: string | undefined): void {
    this.#progress.trouble(text);
  }

  /** Gives bytes on. What has passed before counts no more. */
  async *watch(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    this.#marks = 0;
    this.#bytes = 0;
    this.#startUs = undefined;
    try {
      for await (const piece of pieces) {
        this.#note(piece);
        yield piece;
      }
    } finally {
      this.#progress.stop();
    }
  }

  #note(piece: Uint8Array): void {
    this.#bytes += piece.length;
    const mark = ROW_MARKS[this.passing.format];
    if (mark === undefined) return;
    for (let at = piece.indexOf(mark.byte); at !== -1; at = piece.indexOf(mark.byte, at + 1)) this.#marks += 1;
    const timeUs = lastTime(piece);
    if (timeUs === undefined) return;
    this.#startUs ??= this.#begin(timeUs);
    this.#progress.update(this.rows ?? 0, timeUs - this.#startUs);
  }

  /** Only the first rows tell where the data begins. */
  #begin(firstUs: Micros): Micros {
    const { endUs, noun } = this.passing;
    this.#progress = showProgress(this.context.terminal, { total: Math.max(1, endUs - firstUs), noun });
    return firstUs;
  }
}
