import { formatTime } from "@fx-ohlc/schemas";
import { symbolSuffixes } from "../tick-file/quote.js";
import { isTick } from "../tick-file/tick.js";
import type { FilesPosition, SymbolTick, TickFiles } from "../tick-file/tick-files.js";
import { kindOfPrices, type TickKind } from "./chunk-rows.js";
import type { ChunkOptions } from "./chunks.js";
import type { StoredRange } from "./stored-kinds.js";

/** From the first to the last of a symbol's ticks in some files, as they are to be stored. */
export interface FileRange extends StoredRange {
  /** What they are; undefined where there are both. */
  readonly kind: TickKind | undefined;
  /** Whether they say their numbers within a stamp. */
  readonly hasSeq: boolean;
}

/** Ticks of one stamp as files say them. */
export type FileTicks = readonly Pick<SymbolTick, "seq" | "prices">[];

export interface ReadingFiles {
  readonly signal: AbortSignal;
  /** Told how many lines have been read so far. */
  readonly onRead: (ticks: number) => void;
  /** Where to begin; with the first line when absent. */
  readonly from?: FilesPosition | undefined;
}

/** Widens the ranges as ticks come. */
class Ranges {
  readonly #ranges = new Map<string, { -readonly [Name in keyof FileRange]: FileRange[Name] }>();

  add({ symbol, timeUs, seq, prices }: SymbolTick): void {
    const kind = kindOfPrices(prices);
    const range = this.#ranges.get(symbol);
    if (range === undefined) {
      this.#ranges.set(symbol, { symbol, fromUs: timeUs, toUs: timeUs + 1, kind, hasSeq: seq !== undefined });
      return;
    }
    if (timeUs < range.fromUs) range.fromUs = timeUs;
    if (timeUs >= range.toUs) range.toUs = timeUs + 1;
    if (kind !== range.kind) range.kind = undefined;
    range.hasSeq ||= seq !== undefined;
  }

  list({ choice, shiftUs }: Pick<ChunkOptions, "choice" | "shiftUs">): FileRange[] {
    return [...this.#ranges.values()].flatMap(({ symbol, fromUs, toUs, kind, hasSeq }) => {
      const stored = { fromUs: fromUs + shiftUs, toUs: toUs + shiftUs, hasSeq };
      const ofKind = { ...stored, kind: choice === "both" ? "price" : kind } as const;
      return symbolSuffixes(choice).map((suffix) => ({ ...ofKind, symbol: symbol + suffix }));
    });
  }
}

/** Reads files once more. What cannot be read of them is left out: it is for the import to say so. @throws the signal's reason */
async function eachTick(files: TickFiles, { signal, onRead, from }: ReadingFiles, visit: (tick: SymbolTick) => void) {
  let count = 0;
  try {
    for await (const { lines } of files.batches(from)) {
      count += lines.length;
      onRead(count);
      for (const line of lines) if (isTick(line)) visit(line);
    }
  } catch {
    signal.throwIfAborted();
  }
}

/**
 * Reads files for the ranges of their symbols.
 *
 * @throws the signal's reason
 */
export async function fileRanges(
  files: TickFiles,
  options: Pick<ChunkOptions, "choice" | "shiftUs">,
  reading: ReadingFiles,
): Promise<FileRange[]> {
  const ranges = new Ranges();
  await eachTick(files, reading, (tick) => ranges.add(tick));
  return ranges.list(options);
}

/**
 * Reads files for what they hold at some times of a symbol.
 *
 * @returns by the time as it is stored
 * @throws the signal's reason
 */
export async function fileTicksAt(
  files: TickFiles,
  { choice, shiftUs }: Pick<ChunkOptions, "choice" | "shiftUs">,
  wanted: { readonly symbol: string; readonly times: ReadonlySet<string> },
  reading: ReadingFiles,
): Promise<ReadonlyMap<string, FileTicks>> {
  const found = new Map<string, FileTicks>();
  const suffixes = symbolSuffixes(choice);
  await eachTick(files, reading, ({ symbol, timeUs, seq, prices }) => {
    const side = suffixes.findIndex((suffix) => symbol + suffix === wanted.symbol);
    if (side === -1) return;
    const time = formatTime(timeUs + shiftUs);
    if (!wanted.times.has(time)) return;
    const own = choice === "both" ? prices.slice(side, side + 1) : prices;
    found.set(time, [...(found.get(time) ?? []), { seq, prices: own }]);
  });
  return found;
}
