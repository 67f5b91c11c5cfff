import type { FxClient, UploadResult } from "@fx-ohlc/client";
import { counted, duration, grouped } from "../terminal.js";
import type { Place, Source } from "../tick-file/place.js";
import type { Batch, TickFiles } from "../tick-file/tick-files.js";
import type { TickKind } from "./chunk-rows.js";
import { CHUNK_TICKS, type Chunk, chunksOf, type Mark } from "./chunks.js";
import type { ImportOptions } from "./import-files.js";
import { sendInOrder } from "./in-order.js";
import type { KindGuard } from "./kind-guard.js";
import { noteRejections, refusalInFile, storedBefore } from "./refusals.js";
import { SkippedLines, unpricedText } from "./skipped-lines.js";

/** One request is parsed by the service while the one before it is committed; more would only wait at the symbol's lock. */
const REQUESTS_IN_FLIGHT = 2;

export interface Import extends Pick<ImportOptions, "choice" | "shiftUs" | "onError"> {
  readonly files: TickFiles;
  readonly guard: KindGuard;
  readonly client: FxClient;
  /** Where an earlier run stopped. */
  readonly from?: Mark | undefined;
  readonly signal: AbortSignal;
  /** Called after each acknowledged chunk, with how many ticks there were so far and what they are. */
  onMark(mark: Mark, ticks: number, noun: TickNoun): void;
}

/** What ticks are called of which all are quotes, or not. */
export type TickNoun = "quote" | "tick";

/** More than fit in a line of the summary. */
const SYMBOLS_NAMED_MAX = 4;

/** More than a person compares. */
const FINDINGS_MAX = 5;

/** Sends the ticks of files chunk by chunk, and counts. */
export class Importer {
  readonly skipped = new SkippedLines();
  readonly #import: Import;
  readonly #startedMs = performance.now();
  readonly #symbols = new Set<string>();
  readonly #kinds = new Set<TickKind | undefined>();
  readonly #sources = new Set<Source>();
  #created = 0;
  #duplicates = 0;
  /** Of a request that was refused. */
  #beforeRefusal = 0;

  constructor(job: Import) {
    this.#import = job;
  }

  /** Ticks that the service said in this run to hold. */
  get ticks(): number {
    return this.#created + this.#duplicates + this.#beforeRefusal;
  }

  /** What they are called. */
  get noun(): TickNoun {
    return this.#kinds.size === 1 && this.#kinds.has("quote") ? "quote" : "tick";
  }

  /** @throws BadLineError, FileError, ProblemError or UnreachableError; all that {@link Import.onMark} was told of is stored */
  async run(): Promise<void> {
    const { files, guard, choice, shiftUs, from, onError } = this.#import;
    const skip = (place: Place, problem: string) => this.skipped.add(place, problem);
    const onBadLine = onError === "stop" ? undefined : skip;
    const options = { choice, shiftUs, ticksMax: CHUNK_TICKS, onBadLine };
    const batches = this.#noted(files.batches(from));
    try {
      await sendInOrder<Chunk, UploadResult>(guard.admit(chunksOf(batches, options)), {
        inFlightMax: REQUESTS_IN_FLIGHT,
        waitsForOthers: (chunk) => chunk.isOutOfOrder,
        send: (chunk, signal) => this.#send(chunk, signal),
        done: (chunk, result) => this.#done(chunk, result),
      });
    } catch (error) {
      this.#beforeRefusal = storedBefore(error);
      throw error;
    }
  }

  async *#noted(batches: AsyncIterable<Batch>): AsyncGenerator<Batch> {
    for await (const batch of batches) {
      this.#sources.add(batch.source);
      yield batch;
    }
  }

  /** What was found out about the files, each thing once: how times were read, and what ticks do not have. */
  findings(): readonly string[] {
    const said = [...this.#sources].flatMap(({ facts: { format, times, ignored = [], unpriced = 0 } }) => {
      const parts = [
        times,
        ignored.length === 0 ? undefined : `ignored: ${ignored.join(", ")}`,
        unpriced === 0 ? undefined : unpricedText(unpriced),
      ];
      const text = parts.filter((part) => part !== undefined).join("; ");
      return text === "" ? [] : [`read as ${format}: ${text}`];
    });
    const distinct = [...new Set(said)];
    const more = distinct.length - FINDINGS_MAX;
    return more <= 0 ? distinct : [...distinct.slice(0, FINDINGS_MAX), `and otherwise in ${counted(more, "case")}`];
  }

  /** The result in one line. */
  summary(): string {
    const elapsedMs = performance.now() - this.#startedMs;
    const rate = grouped(Math.round((this.ticks * 1000) / elapsedMs));
    const counts = `${grouped(this.#created)} new, ${grouped(this.#duplicates)} stored before`;
    return `${counted(this.ticks, this.noun)}${this.#ofSymbols()} in ${duration(elapsedMs)} (${rate}/s): ${counts}`;
  }

  #ofSymbols(): string {
    const symbols = [...this.#symbols].toSorted();
    if (symbols.length === 0) return "";
    return ` of ${symbols.length > SYMBOLS_NAMED_MAX ? counted(symbols.length, "symbol") : symbols.join(", ")}`;
  }

  async #send(chunk: Chunk, sendSignal: AbortSignal): Promise<UploadResult> {
    const { client, onError, signal } = this.#import;
    try {
      const options = { format: "csv", onError, signal: AbortSignal.any([signal, sendSignal]) } as const;
      return await client.postLines(chunk.body, options);
    } catch (error) {
      throw refusalInFile(error, chunk);
    }
  }

  #done(chunk: Chunk, result: UploadResult): void {
    this.#created += result.created;
    this.#duplicates += result.duplicates;
    for (const symbol of chunk.symbols) this.#symbols.add(symbol);
    this.#kinds.add(chunk.kind);
    noteRejections(result, chunk, this.skipped);
    this.#import.onMark(chunk.end, this.ticks, this.noun);
  }
}
