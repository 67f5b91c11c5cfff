import { pipeline, Readable } from "node:stream";
import { createGzip } from "node:zlib";
import type { BarJson, FxClient, SymbolJson, TickJson } from "@fx-ohlc/client";
import { formatTime, type Interval, type Micros, nowUs, parseTime } from "@fx-ohlc/schemas";
import type { Connection } from "../connection.js";
import { patientClient } from "../patient-client.js";
import { type Noun, type Progress, showProgress } from "../progress.js";
import { type Context, counted, duration, EXIT, grouped } from "../terminal.js";
import { parquet } from "./parquet.js";
import { barColumns, type Column, tickColumns } from "./table.js";
import { streamTarget, targetOf } from "./target.js";
import { csv, json, ndjson } from "./text-encoders.js";

export const EXPORT_FORMATS = ["csv", "ndjson", "json", "parquet"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface ExportOptions extends Connection {
  /** A path, or `-` for standard output. */
  readonly file: string;
  readonly symbol: string;
  /** Of the bars; ticks when absent. */
  readonly interval: Interval | undefined;
  readonly startUs: Micros;
  readonly endUs: Micros | undefined;
  /** As it was known then; as it is when absent. */
  readonly asOfUs: Micros | undefined;
  readonly dayStartHour: number | undefined;
  readonly timezone: string | undefined;
  readonly format: ExportFormat;
  readonly gzip: boolean;
}

/** Some twenty seconds: a service that is restarted comes back, and who waits for a file is told soon if it does not. */
const ATTEMPTS_MAX = 10;

/** Symbols that are named where the one asked for is not there. */
const NAMED_MAX = 20;

/** Rows between two looks at how far the export is. */
const ROWS_A_LOOK = 500;

const ENCODERS = { csv, ndjson, json, parquet } as const;

/** Counts rows as they pass, and shows how far they have come in time. */
class Passage {
  /** Where the last row can be. */
  endUs: Micros;
  #progress: Progress;
  #startUs: Micros | undefined;
  count = 0;
  #quotes = 0;

  constructor(
    private readonly context: Context,
    private readonly rows: "ticks" | "bars",
    endUs: Micros,
  ) {
    this.endUs = endUs;
    this.#progress = showProgress(context.terminal, undefined);
  }

  /** What the rows turned out to be. */
  get noun(): Noun {
    return this.count > 0 && this.#quotes === this.count ? "quotes" : this.rows;
  }

  trouble(text: string | undefined): void {
    this.#progress.trouble(text);
  }

  async *watch<Row extends object>(rows: AsyncIterable<Row>, timeOf: (row: Row) => string): AsyncGenerator<Row> {
    try {
      for await (const row of rows) {
        if (this.count % ROWS_A_LOOK === 0) this.#look(parseTime(timeOf(row)) ?? 0);
        this.count += 1;
        if ("bid" in row) this.#quotes += 1;
        yield row;
      }
    } finally {
      this.#progress.stop();
    }
  }

  #look(timeUs: Micros): void {
    this.#startUs ??= this.#begin(timeUs);
    this.#progress.update(this.count, timeUs - this.#startUs, this.noun);
  }

  /** Only the first row tells where the data begins. */
  #begin(firstUs: Micros): Micros {
    const whole = { total: Math.max(1, this.endUs - firstUs), noun: this.rows };
    this.#progress = showProgress(this.context.terminal, whole);
    return firstUs;
  }
}

/** One run of an export. */
class Run {
  readonly #client: FxClient;
  readonly #passage: Passage;
  readonly #startedMs = performance.now();
  /** Of which symbols there are ticks. */
  #stored: SymbolJson | undefined;

  constructor(
    private readonly options: ExportOptions,
    private readonly context: Context,
  ) {
    this.#passage = new Passage(context, options.interval === undefined ? "ticks" : "bars", options.endUs ?? nowUs());
    this.#client = patientClient(options, ATTEMPTS_MAX, (text) => this.#passage.trouble(text));
  }

  async export(): Promise<number> {
    const { file } = this.options;
    const { stdout, signal, terminal } = this.context;
    const target = file === "-" ? streamTarget(stdout) : await targetOf(file);
    try {
      await this.#look();
      await target.fill(this.#source(), signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      return this.#interrupted(signal.reason);
    }
    if (file !== "-") terminal.out(this.#summary());
    return EXIT.done;
  }

  #encoded(): AsyncGenerator<Buffer> {
    const { symbol, interval, startUs, endUs, asOfUs, dayStartHour, timezone } = this.options;
    const { signal } = this.context;
    const range = {
      symbol,
      start: formatTime(startUs),
      end: endUs === undefined ? undefined : formatTime(endUs),
      asOf: asOfUs === undefined ? undefined : formatTime(asOfUs),
      signal,
    };
    if (interval === undefined)
      return this.#encode<TickJson>(this.#client.ticks(range), tickColumns(this.#hasQuotes), ({ time }) => time);
    const bars = this.#client.bars({ ...range, interval, dayStartHour, timezone });
    return this.#encode<BarJson>(bars, barColumns(interval), ({ bucket }) => bucket);
  }

  get #hasQuotes(): boolean {
    return this.#stored?.quotes === true;
  }

  #encode<Row extends object>(
    rows: AsyncIterable<Row>,
    columns: readonly Column<Row>[],
    timeOf: (row: Row) => string,
  ): AsyncGenerator<Buffer> {
    return ENCODERS[this.options.format](this.#orNothing(this.#passage.watch(rows, timeOf)), columns);
  }

  /** Finds out what is stored: it says how far there is to go. */
  async #look(): Promise<void> {
    const { symbol: prefix } = this.options;
    const stored = await this.#client.symbols({ prefix, signal: this.context.signal });
    this.#stored = stored.find(({ symbol }) => symbol === prefix);
    const last = this.#stored?.last_tick;
    this.#passage.endUs = Math.min(this.#passage.endUs, parseTime(last) ?? Number.POSITIVE_INFINITY);
  }

  /** @throws Error when there are no rows because nobody ever sent the symbol, which is more likely misspelt than empty */
  async *#orNothing<Row>(rows: AsyncIterable<Row>): AsyncGenerator<Row> {
    yield* rows;
    if (this.#passage.count > 0 || this.#stored !== undefined) return;
    const others = (await this.#client.symbols({ signal: this.context.signal })).map(({ symbol }) => symbol);
    const named = others.slice(0, NAMED_MAX).join(", ");
    const more = others.length > NAMED_MAX ? ` and ${others.length - NAMED_MAX} more` : "";
    throw new Error(
      `nothing is stored of ${this.options.symbol}; ${others.length === 0 ? "nor of others" : `of ${named}${more} there is`}`,
    );
  }

  #source(): Readable {
    const bytes = Readable.from(this.#encoded());
    // Who reads the compressed bytes sees every error of the two: the callback has nothing left to do.
    return this.options.gzip ? pipeline(bytes, createGzip(), () => {}) : bytes;
  }

  #interrupted(reason: unknown): number {
    // A reader that has seen enough, such as head, is no interruption.
    if (reason instanceof Error && "code" in reason && reason.code === "EPIPE") return EXIT.done;
    const { file } = this.options;
    this.context.terminal.say(
      `interrupted; ${file === "-" ? "what was written is not all" : `${file} was not written`}`,
    );
    return EXIT.interrupted;
  }

  #summary(): string {
    const { file, symbol, interval } = this.options;
    const { count, noun } = this.#passage;
    const elapsedMs = performance.now() - this.#startedMs;
    const rows = interval === undefined ? counted(count, noun.slice(0, -1)) : `${counted(count, "bar")} (${interval})`;
    return `${rows} of ${symbol} in ${file}, ${duration(elapsedMs)} (${grouped(Math.round((count * 1000) / elapsedMs))}/s)`;
  }
}

/**
 * Writes what is stored of a symbol to a file.
 *
 * @returns the exit code
 * @throws Error when it cannot be written whole; there is no file of that name then, or the one that was there before
 */
export async function exportFile(options: ExportOptions, context: Context): Promise<number> {
  return new Run(options, context).export();
}
