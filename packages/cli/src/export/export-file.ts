import { pipeline, Readable } from "node:stream";
import { createGzip } from "node:zlib";
import { type BarKind, type FileFormat, type FxClient, UnreachableError } from "@fx-ohlc/client";
import { formatTime, type Micros, nowUs, parseTime } from "@fx-ohlc/schemas";
import type { Connection } from "../connection.js";
import { patientClient } from "../patient-client.js";
import { type Context, counted, duration, EXIT, grouped } from "../terminal.js";
import { parquetRows } from "../tick-file/formats/parquet.js";
import { Passage } from "./passage.js";
import { streamTarget, type Target, targetOf } from "./target.js";

export const EXPORT_FORMATS = ["csv", "ndjson", "json", "parquet"] as const satisfies readonly FileFormat[];

export interface ExportOptions extends Connection {
  /** A path, or `-` for standard output. */
  readonly file: string;
  readonly symbol: string;
  /** Of bars; ticks when absent. */
  readonly bars: BarKind | undefined;
  readonly startUs: Micros;
  readonly endUs: Micros | undefined;
  /** As it was known then; as it is when absent. */
  readonly asOfUs: Micros | undefined;
  readonly format: FileFormat;
  readonly gzip: boolean;
}

/** Some twenty seconds: a service that is restarted comes back, and who waits for a file is told soon if it does not. */
const ATTEMPTS_MAX = 10;

/** So often a file is begun: what breaks off again and again does so for a reason. */
const BEGINNINGS_MAX = 5;

/** Symbols that are named where the one asked for is not there. */
const NAMED_MAX = 20;

/** One run of an export: the file is what the service answers. */
class Run {
  readonly #client: FxClient;
  readonly #startedMs = performance.now();
  #passage: Passage;

  constructor(
    private readonly options: ExportOptions,
    private readonly context: Context,
  ) {
    this.#passage = this.#passageTo(options.endUs ?? nowUs());
    this.#client = patientClient(options, ATTEMPTS_MAX, (text) => this.#passage.trouble(text));
  }

  async export(): Promise<number> {
    const { file } = this.options;
    const { stdout, signal, terminal } = this.context;
    const target = file === "-" ? streamTarget(stdout) : await targetOf(file);
    try {
      await this.#look();
      await this.#fill(target);
    } catch (error) {
      if (!signal.aborted) throw error;
      return this.#interrupted(signal.reason);
    }
    if (file !== "-") terminal.out(await this.#summary());
    return EXIT.done;
  }

  #passageTo(endUs: Micros): Passage {
    const { format, bars } = this.options;
    return new Passage(this.context, { format, noun: bars === undefined ? "ticks" : "bars", endUs });
  }

  /**
   * Finds out what is stored: it says how far there is to go.
   *
   * @throws Error when nobody ever sent the symbol, which is more likely misspelt than empty
   */
  async #look(): Promise<void> {
    const { symbol: prefix, endUs = nowUs() } = this.options;
    const { signal } = this.context;
    const stored = (await this.#client.symbols({ prefix, signal })).find(({ symbol }) => symbol === prefix);
    if (stored === undefined) throw await this.#unknown();
    this.#passage = this.#passageTo(Math.min(endUs, parseTime(stored.last_tick) ?? Number.POSITIVE_INFINITY));
  }

  async #unknown(): Promise<Error> {
    const others = (await this.#client.symbols({ signal: this.context.signal })).map(({ symbol }) => symbol);
    const named = others.slice(0, NAMED_MAX).join(", ");
    const more = others.length > NAMED_MAX ? ` and ${others.length - NAMED_MAX} more` : "";
    const rest = others.length === 0 ? "nor of others" : `of ${named}${more} there is`;
    return new Error(`nothing is stored of ${this.options.symbol}; ${rest}`);
  }

  /** An answer that breaks off is asked for anew where nobody has seen any of it yet. */
  async #fill(target: Target): Promise<void> {
    for (let beginning = 1; ; beginning += 1) {
      try {
        await target.fill(this.#source(), this.context.signal);
        return;
      } catch (error) {
        const isBroken = error instanceof UnreachableError && this.#passage.hasBegun;
        if (!isBroken || !target.isHidden || beginning === BEGINNINGS_MAX) throw error;
        this.context.terminal.say(`${error.message}; starting over`);
      }
    }
  }

  #source(): Readable {
    const bytes = Readable.from(this.#passage.watch(this.#bytes()));
    // Who reads the compressed bytes sees every error of the two: the callback has nothing left to do.
    return this.options.gzip ? pipeline(bytes, createGzip(), () => {}) : bytes;
  }

  #bytes(): AsyncGenerator<Uint8Array> {
    const { symbol, bars, startUs, endUs, asOfUs, format } = this.options;
    const end = endUs === undefined ? undefined : formatTime(endUs);
    const asOf = asOfUs === undefined ? undefined : formatTime(asOfUs);
    const query = { symbol, start: formatTime(startUs), end, asOf, format, signal: this.context.signal };
    return bars === undefined ? this.#client.ticksFile(query) : this.#client.barsFile({ ...query, ...bars });
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

  async #summary(): Promise<string> {
    const { file, symbol, bars } = this.options;
    const elapsedMs = performance.now() - this.#startedMs;
    const count = this.#passage.rows ?? (await parquetRows(file));
    const rows = bars === undefined ? counted(count, "tick") : `${counted(count, "bar")} (${bars.interval})`;
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
