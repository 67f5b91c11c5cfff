import { stat } from "node:fs/promises";
import type { FxClient } from "@fx-ohlc/client";
import type { Micros } from "@fx-ohlc/schemas";
import { patientClient } from "../patient-client.js";
import { type Context, counted, EXIT, grouped } from "../terminal.js";
import type { PriceSide } from "../tick-file/columns.js";
import { fileText, openText, type TextSource } from "../tick-file/text-source.js";
import { TickText } from "../tick-file/tick-text.js";
import { awaitBars } from "./bars.js";
import { Importer } from "./importer.js";
import { type Progress, showProgress } from "./progress.js";
import { resumePoint } from "./resume.js";
import { identify, type SavedImport, StateFile } from "./state-file.js";

export interface ImportOptions {
  /** A path, or `-` for standard input. */
  readonly file: string;
  readonly symbol: string;
  readonly side: PriceSide | undefined;
  readonly url: string;
  readonly shiftUs: Micros;
  readonly onError: "stop" | "skip";
  /** Do not go on where an earlier run stopped. */
  readonly restart: boolean;
}

/** Two minutes or so: long enough for a service to be restarted or a database to fail over. */
const ATTEMPTS_MAX = 50;

/** What an import reads, and what it remembers about it: nothing for a pipe, which cannot be read again. */
interface Opened {
  readonly source: TextSource;
  readonly bytesTotal: number | undefined;
  readonly state: StateFile | undefined;
}

/** What a shell passes for <(…) is none: a pipe with a name. */
async function isPlainFile(path: string): Promise<boolean> {
  const stats = await stat(path);
  if (stats.isDirectory()) throw new Error(`${path} is a directory`);
  return stats.isFile();
}

async function openInput(options: ImportOptions, context: Context): Promise<Opened> {
  const { file, symbol, side, url, shiftUs } = options;
  if (file === "-" || !(await isPlainFile(file))) {
    return { source: openText(file, context.stdin, context.signal), bytesTotal: undefined, state: undefined };
  }
  const { path, ...identity } = await identify(file);
  const key = { path, symbol, side: side ?? "price", url, shiftUs };
  const state = new StateFile(context.stateDirectory, key, identity);
  return { source: fileText(path, context.signal), bytesTotal: identity.size, state };
}

/** One run of an import, from opening the file to the last line about it. */
class Run {
  readonly #options: ImportOptions;
  readonly #context: Context;
  readonly #opened: Opened;
  /** Drawn from the first chunk on: a run that goes on from an earlier one has something to say before. */
  #progress: Progress;
  readonly #client: FxClient;
  #stateWritable = true;

  constructor(options: ImportOptions, context: Context, opened: Opened) {
    this.#options = options;
    this.#context = context;
    this.#opened = opened;
    this.#progress = showProgress(context.terminal, undefined);
    this.#client = patientClient(options.url, ATTEMPTS_MAX, {
      began: ({ message }) => this.#progress.trouble(`${message}; trying again`),
      ended: () => this.#progress.trouble(undefined),
    });
  }

  /** What messages call the file. */
  get #name(): string {
    return this.#options.file === "-" ? "standard input" : this.#options.file;
  }

  async import(): Promise<number> {
    const saved = await this.#resumePoint();
    const importer = this.#importer(saved);
    this.#progress = showProgress(this.#context.terminal, this.#opened.bytesTotal);
    try {
      await importer.run();
    } catch (error) {
      this.#progress.stop();
      importer.skipped.list(this.#context.terminal);
      if (this.#context.signal.aborted) return this.#interrupted(importer.ticks);
      throw new Error(`${this.#name}: ${(error as Error).message}; ${this.#soFar(importer.ticks)}`, {
        cause: error,
      });
    }
    this.#progress.stop();
    this.#opened.state?.remove();
    return this.#finished(importer);
  }

  async #resumePoint(): Promise<SavedImport | undefined> {
    const { state } = this.#opened;
    const { restart, symbol } = this.#options;
    if (state === undefined || restart) return undefined;
    const saved = await resumePoint(state, this.#client, symbol, this.#context.signal);
    if (saved !== undefined)
      this.#context.terminal.say(`${this.#name}: going on after line ${grouped(saved.mark.line)}`);
    return saved;
  }

  #importer(saved: SavedImport | undefined): Importer {
    const { symbol, side, shiftUs, onError } = this.#options;
    const start = saved === undefined ? undefined : { ...saved.mark, header: saved.header };
    const text = new TickText(this.#opened.source.blocks, side, start);
    return new Importer({
      ...{ text, client: this.#client, symbol, shiftUs, onError, from: saved?.mark, signal: this.#context.signal },
      onMark: (mark, ticks) => {
        this.#save({ header: text.header, mark });
        this.#progress.update(ticks, this.#opened.source.bytesRead());
      },
    });
  }

  /** An import that cannot remember how far it has come goes on all the same: it can be run again from the start. */
  #save(saved: SavedImport): void {
    if (!this.#stateWritable) return;
    try {
      this.#opened.state?.save(saved);
    } catch (error) {
      this.#stateWritable = false;
      this.#context.terminal.say(`an interrupted import would start over: ${(error as Error).message}`);
    }
  }

  #soFar(ticks: number): string {
    if (ticks === 0) return "no tick was acknowledged";
    const stored = `${counted(ticks, "tick")} before it ${ticks === 1 ? "is" : "are"} stored`;
    return this.#opened.state === undefined ? stored : `${stored}, the same command goes on from there`;
  }

  #interrupted(ticks: number): number {
    this.#context.terminal.say(`interrupted; ${this.#soFar(ticks)}`);
    return EXIT.interrupted;
  }

  async #finished(importer: Importer): Promise<number> {
    const { terminal, signal } = this.#context;
    terminal.out(importer.summary());
    importer.skipped.list(terminal);
    await awaitBars(this.#options.url, terminal, signal);
    return importer.skipped.count === 0 ? EXIT.done : EXIT.skipped;
  }
}

/**
 * Sends a file of ticks to the service.
 *
 * @returns the exit code
 * @throws Error when the import stops before its end; its message says where, why and what is stored
 */
export async function importFile(options: ImportOptions, context: Context): Promise<number> {
  return new Run(options, context, await openInput(options, context)).import();
}
