import type { FxClient } from "@fx-ohlc/client";
import type { Micros } from "@fx-ohlc/schemas";
import type { Connection } from "../connection.js";
import { patientClient } from "../patient-client.js";
import { type Progress, showProgress } from "../progress.js";
import { type Reading, readingKey } from "../reading-options.js";
import { type Context, counted, EXIT, grouped } from "../terminal.js";
import type { PriceChoice } from "../tick-file/quote.js";
import { type FileToRead, fileToRead, TickFiles } from "../tick-file/tick-files.js";
import { awaitBars } from "./bars.js";
import type { Mark } from "./chunks.js";
import { fileRanges, fileTicksAt, type ReadingFiles } from "./file-ranges.js";
import { Importer } from "./importer.js";
import { type FilesAgain, KindGuard, type OtherKind } from "./kind-guard.js";
import { resumePoint } from "./resume.js";
import { identify, StateFile } from "./state-file.js";

export interface ImportOptions extends Connection {
  /** Paths, or `-` for standard input, in the order in which they are read. */
  readonly files: readonly string[];
  /** Stands in for what the files say. */
  readonly symbol: string | undefined;
  readonly choice: PriceChoice | undefined;
  readonly reading: Reading;
  readonly shiftUs: Micros;
  readonly onError: "stop" | "skip";
  readonly otherKind: OtherKind;
  /** Do not go on where an earlier run stopped. */
  readonly restart?: boolean | undefined;
}

/** Two minutes or so: long enough for a service to be restarted or a database to fail over. */
const ATTEMPTS_MAX = 50;

async function stateOf(options: ImportOptions, directory: string): Promise<StateFile> {
  const identities = [];
  for (const file of options.files) identities.push(await identify(file));
  const { symbol, choice: price, url, shiftUs } = options;
  const paths = identities.map(({ path }) => path);
  const reading = readingKey(options.reading);
  return new StateFile(directory, { paths, symbol, price, reading, url, shiftUs }, identities);
}

/** What an import reads, and what it remembers about it: nothing with a pipe among it, which cannot be read again. */
async function openFiles(options: ImportOptions, context: Context) {
  const toRead: FileToRead[] = [];
  for (const path of options.files) toRead.push(await fileToRead(path));
  const { symbol, choice, reading, onError: onUnreadable } = options;
  const { stdin, signal, stateDirectory } = context;
  const open = () => new TickFiles(toRead, { ...reading, symbol, choice, onUnreadable, stdin, signal });
  const canReadAgain = toRead.every(({ size }) => size !== undefined);
  return {
    files: open(),
    again: canReadAgain ? open : undefined,
    state: canReadAgain ? await stateOf(options, stateDirectory) : undefined,
  };
}

/** One run of an import, from opening the files to the last line about them. */
class Run {
  /** Drawn from the first chunk on: a run that goes on from an earlier one has something to say before. */
  #progress: Progress;
  readonly #client: FxClient;
  #stateWritable = true;

  constructor(
    private readonly options: ImportOptions,
    private readonly context: Context,
    private readonly opened: Awaited<ReturnType<typeof openFiles>>,
  ) {
    this.#progress = showProgress(context.terminal, undefined);
    this.#client = patientClient(options, ATTEMPTS_MAX, (text) => this.#progress.trouble(text));
  }

  async import(): Promise<number> {
    const from = await this.#resumePoint();
    const importer = this.#importer(from);
    this.#beginProgress();
    try {
      await importer.run();
    } catch (error) {
      this.#progress.stop();
      importer.skipped.list(this.context.terminal);
      if (this.context.signal.aborted) return this.#interrupted(importer);
      throw new Error(`${(error as Error).message}; ${this.#soFar(importer)}`, { cause: error });
    }
    this.#progress.stop();
    this.opened.state?.remove();
    return this.#finished(importer);
  }

  #beginProgress(): void {
    const total = this.opened.files.bytesTotal;
    this.#progress.stop();
    this.#progress = showProgress(this.context.terminal, total === undefined ? undefined : { total, noun: "ticks" });
  }

  #guard(from: Mark | undefined): KindGuard {
    const { terminal, signal } = this.context;
    const { symbol, otherKind } = this.options;
    const { again } = this.opened;
    const filesAgain: FilesAgain | undefined = again && {
      ranges: () => this.#readAgain(again(), (files, reading) => fileRanges(files, this.options, reading)),
      // What an earlier run has sent does not come again.
      ticksAt: (symbol, times) =>
        this.#readAgain(again(), (files, reading) =>
          fileTicksAt(files, this.options, { symbol, times }, { ...reading, from }),
        ),
    };
    return new KindGuard({ client: this.#client, terminal, signal, symbol, otherKind, filesAgain });
  }

  async #readAgain<T>(files: TickFiles, read: (files: TickFiles, reading: ReadingFiles) => Promise<T>): Promise<T> {
    const onRead = (ticks: number) => this.#progress.update(ticks, files.bytesRead());
    const found = await read(files, { signal: this.context.signal, onRead });
    this.#beginProgress();
    return found;
  }

  async #resumePoint(): Promise<Mark | undefined> {
    const { state } = this.opened;
    if (state === undefined || this.options.restart) return undefined;
    const mark = await resumePoint(state, this.#client, this.context.signal);
    if (mark === undefined) return undefined;
    const { file, unit, line } = mark;
    this.context.terminal.say(`${this.options.files[file]}: going on after ${unit} ${grouped(line)}`);
    return mark;
  }

  #importer(from: Mark | undefined): Importer {
    const { choice, shiftUs, onError } = this.options;
    const { files } = this.opened;
    return new Importer({
      ...{
        files,
        client: this.#client,
        guard: this.#guard(from),
        choice,
        shiftUs,
        onError,
        from,
        signal: this.context.signal,
      },
      onMark: (mark, ticks, noun) => {
        this.#save(mark);
        this.#progress.update(ticks, files.bytesRead(), `${noun}s`);
      },
    });
  }

  /** An import that cannot remember how far it has come goes on all the same: it can be run again from the start. */
  #save(mark: Mark): void {
    if (!this.#stateWritable) return;
    try {
      this.opened.state?.save(mark);
    } catch (error) {
      this.#stateWritable = false;
      this.context.terminal.say(`an interrupted import would start over: ${(error as Error).message}`);
    }
  }

  #soFar({ ticks, noun }: Importer): string {
    if (ticks === 0) return "no tick was acknowledged";
    const stored = `${counted(ticks, noun)} before it ${ticks === 1 ? "is" : "are"} stored`;
    return this.opened.state === undefined ? stored : `${stored}, the same command goes on from there`;
  }

  #interrupted(importer: Importer): number {
    this.context.terminal.say(`interrupted; ${this.#soFar(importer)}`);
    return EXIT.interrupted;
  }

  async #finished(importer: Importer): Promise<number> {
    const { terminal, signal } = this.context;
    terminal.out(importer.summary());
    for (const finding of importer.findings()) terminal.out(finding);
    importer.skipped.list(terminal);
    await awaitBars(this.options, terminal, signal);
    return importer.skipped.count === 0 ? EXIT.done : EXIT.skipped;
  }
}

/**
 * Sends files of ticks to the service.
 *
 * @returns the exit code
 * @throws Error when the import stops before its end; its message says where, why and what is stored
 */
export async function importFiles(options: ImportOptions, context: Context): Promise<number> {
  return new Run(options, context, await openFiles(options, context)).import();
}
