import type { FxClient, UploadResult } from "@fx-ohlc/client";
import { counted, duration, grouped } from "../terminal.js";
import type { Place } from "../tick-file/place.js";
import type { TickFiles } from "../tick-file/tick-files.js";
import { CHUNK_TICKS, type Chunk, chunksOf, type Mark } from "./chunks.js";
import type { ImportOptions } from "./import-files.js";
import { sendInOrder } from "./in-order.js";
import { noteRejections, refusalInFile } from "./refusals.js";
import { sentForm } from "./sent-form.js";
import { SkippedLines } from "./skipped-lines.js";

/** One request is parsed by the service while the one before it is committed; more would only wait at the symbol's lock. */
const REQUESTS_IN_FLIGHT = 2;

export interface Import extends Pick<ImportOptions, "choice" | "shiftUs" | "onError"> {
  readonly files: TickFiles;
  readonly client: FxClient;
  /** Where an earlier run stopped. */
  readonly from?: Mark | undefined;
  readonly signal: AbortSignal;
  /** Called after each acknowledged chunk. */
  onMark(mark: Mark, ticks: number): void;
}

/** More than fit in a line of the summary. */
const SYMBOLS_NAMED_MAX = 4;

/** Sends the ticks of files chunk by chunk, and counts. */
export class Importer {
  readonly skipped = new SkippedLines();
  readonly #import: Import;
  readonly #startedMs = performance.now();
  readonly #symbols = new Set<string>();
  #created = 0;
  #duplicates = 0;

  constructor(job: Import) {
    this.#import = job;
  }

  /** Ticks acknowledged by the service in this run. */
  get ticks(): number {
    return this.#created + this.#duplicates;
  }

  /** @throws BadLineError, FileError, ProblemError or UnreachableError; all that {@link Import.onMark} was told of is stored */
  async run(): Promise<void> {
    const { files, choice, shiftUs, from, onError } = this.#import;
    const skip = (place: Place, problem: string) => this.skipped.add(place, problem);
    const onBadLine = onError === "stop" ? undefined : skip;
    const options = { choice, shiftUs, ticksMax: CHUNK_TICKS, numbering: from?.numbering, onBadLine };
    await sendInOrder<Chunk, UploadResult>(chunksOf(files.batches(from), options), {
      inFlightMax: REQUESTS_IN_FLIGHT,
      waitsForOthers: (chunk) => chunk.hasUnnumbered,
      send: (chunk, signal) => this.#send(chunk, signal),
      done: (chunk, result) => this.#done(chunk, result),
    });
  }

  /** The result in one line. */
  summary(): string {
    const elapsedMs = performance.now() - this.#startedMs;
    const rate = grouped(Math.round((this.ticks * 1000) / elapsedMs));
    const counts = `${grouped(this.#created)} new, ${grouped(this.#duplicates)} stored before`;
    return `${counted(this.ticks, "tick")}${this.#ofSymbols()} in ${duration(elapsedMs)} (${rate}/s): ${counts}`;
  }

  #ofSymbols(): string {
    const symbols = [...this.#symbols].toSorted();
    if (symbols.length === 0) return "";
    return ` of ${symbols.length > SYMBOLS_NAMED_MAX ? counted(symbols.length, "symbol") : symbols.join(", ")}`;
  }

  async #send(chunk: Chunk, sendSignal: AbortSignal): Promise<UploadResult> {
    const { client, onError, signal } = this.#import;
    try {
      const { format, text } = sentForm(chunk);
      return await client.postLines(text, { format, onError, signal: AbortSignal.any([signal, sendSignal]) });
    } catch (error) {
      throw refusalInFile(error, chunk);
    }
  }

  #done(chunk: Chunk, result: UploadResult): void {
    this.#created += result.created;
    this.#duplicates += result.duplicates;
    for (const symbol of chunk.symbols) this.#symbols.add(symbol);
    noteRejections(result, chunk, this.skipped);
    this.#import.onMark(chunk.end, this.ticks);
  }
}
