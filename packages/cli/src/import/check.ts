import { formatTime, type Micros } from "@fx-ohlc/schemas";
import { type Context, counted, EXIT, grouped } from "../terminal.js";
import { BadLineError, type Source } from "../tick-file/place.js";
import { symbolSuffixes } from "../tick-file/quote.js";
import { isTick } from "../tick-file/tick.js";
import { fileToRead, type SymbolTick, TickFiles } from "../tick-file/tick-files.js";
import type { ImportOptions } from "./import-files.js";
import { SkippedLines, unpricedText } from "./skipped-lines.js";

type CheckOptions = Pick<ImportOptions, "files" | "symbol" | "choice" | "reading" | "shiftUs" | "onError">;

/** What one file, or member of an archive, turned out to hold. */
class Finding {
  #first: SymbolTick | undefined;
  #last: SymbolTick | undefined;
  #ticks = 0;
  #quotes = 0;
  #outOfOrder = 0;
  #hasSeq = false;
  readonly #latestUs = new Map<string, Micros>();

  constructor(readonly source: Source) {}

  add(tick: SymbolTick): void {
    const latestUs = this.#latestUs.get(tick.symbol) ?? Number.NEGATIVE_INFINITY;
    if (tick.timeUs < latestUs) this.#outOfOrder += 1;
    this.#latestUs.set(tick.symbol, Math.max(latestUs, tick.timeUs));
    this.#first ??= tick;
    this.#last = tick;
    this.#ticks += 1;
    if (tick.prices.length === 2) this.#quotes += 1;
    this.#hasSeq ||= tick.seq !== undefined;
  }

  lines({ choice, shiftUs }: CheckOptions): string[] {
    const { name, facts } = this.source;
    const { format = "unknown", columns, times, ignored = [], unpriced = 0 } = facts;
    const said = (tick: SymbolTick) => `${formatTime(tick.timeUs + shiftUs)} ${tick.symbol} ${tick.prices.join(" ")}`;
    const noun = choice !== "both" && this.#quotes > 0 && this.#quotes === this.#ticks ? "quote" : "tick";
    const symbols = [...this.#latestUs.keys()].flatMap((symbol) =>
      symbolSuffixes(choice).map((suffix) => symbol + suffix),
    );
    const order = this.#outOfOrder === 0 ? "in order" : `${grouped(this.#outOfOrder)} out of order`;
    const numbers = this.#hasSeq ? "numbered by its column seq" : "numbered by the service within a stamp";
    const would =
      this.#ticks === 0
        ? "nothing to store"
        : `would store ${counted(this.#ticks, noun)} of ${symbols.join(", ")}, ${numbers}`;
    return [
      `${name}: ${format}`,
      ...(columns === undefined ? [] : [`  columns: ${columns}`]),
      ...(ignored.length === 0 ? [] : [`  ignored: ${ignored.join(", ")}`]),
      ...(times === undefined ? [] : [`  ${times}`]),
      ...(this.#first === undefined ? [] : [`  first: ${said(this.#first)}`]),
      ...(this.#last === undefined ? [] : [`  last: ${said(this.#last)}`]),
      ...(unpriced === 0 ? [] : [`  ${unpricedText(unpriced)}`]),
      `  ${counted(this.#ticks, noun)}, ${order}; ${would}`,
    ];
  }
}

async function read(files: TickFiles, findings: Map<Source, Finding>, skipped: SkippedLines, options: CheckOptions) {
  for await (const { source, lines } of files.batches()) {
    const finding = findings.get(source) ?? new Finding(source);
    findings.set(source, finding);
    for (const line of lines) {
      if (isTick(line)) finding.add(line);
      else if (options.onError === "stop") throw new BadLineError({ source, line: line.line }, line.problem);
      else skipped.add({ source, line: line.line }, line.problem);
    }
  }
}

/**
 * Says how files would be read and what would be stored, without storing anything or asking the service.
 *
 * @returns the exit code
 * @throws Error at what an import would stop at
 */
export async function checkFiles(options: CheckOptions, { terminal, stdin, signal }: Context): Promise<number> {
  const { symbol, choice, reading, onError: onUnreadable } = options;
  const toRead = [];
  for (const path of options.files) toRead.push(await fileToRead(path));
  const files = new TickFiles(toRead, { ...reading, symbol, choice, onUnreadable, stdin, signal });
  const findings = new Map<Source, Finding>();
  const skipped = new SkippedLines();
  try {
    await read(files, findings, skipped, options);
  } finally {
    for (const finding of findings.values()) for (const line of finding.lines(options)) terminal.out(line);
  }
  skipped.list(terminal);
  return skipped.count === 0 ? EXIT.done : EXIT.skipped;
}
