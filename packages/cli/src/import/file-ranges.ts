import type { Micros } from "@fx-ohlc/schemas";
import { symbolSuffixes } from "../tick-file/quote.js";
import { isTick } from "../tick-file/tick.js";
import type { TickFiles } from "../tick-file/tick-files.js";
import type { TickKind } from "./chunk-rows.js";
import type { ChunkOptions } from "./chunks.js";
import type { StoredRange } from "./stored-kinds.js";

/** From the first to the last of a symbol's ticks in some files, as they are to be stored. */
export interface FileRange extends StoredRange {
  /** What they are; undefined where there are both. */
  readonly kind: TickKind | undefined;
}

/** Widens the ranges as ticks come. */
class Ranges {
  readonly #ranges = new Map<string, { fromUs: Micros; toUs: Micros; kind: TickKind | undefined }>();

  add(symbol: string, timeUs: Micros, kind: TickKind): void {
    const range = this.#ranges.get(symbol);
    if (range === undefined) {
      this.#ranges.set(symbol, { fromUs: timeUs, toUs: timeUs + 1, kind });
      return;
    }
    if (timeUs < range.fromUs) range.fromUs = timeUs;
    if (timeUs >= range.toUs) range.toUs = timeUs + 1;
    if (kind !== range.kind) range.kind = undefined;
  }

  list({ choice, shiftUs }: Pick<ChunkOptions, "choice" | "shiftUs">): FileRange[] {
    return [...this.#ranges].flatMap(([symbol, { fromUs, toUs, kind }]) => {
      const stored = { fromUs: fromUs + shiftUs, toUs: toUs + shiftUs, kind: choice === "both" ? "price" : kind };
      return symbolSuffixes(choice).map((suffix) => ({ ...stored, symbol: symbol + suffix }) as const);
    });
  }
}

/**
 * Reads files for the ranges of their symbols. What cannot be read of them is left out: it is for the import to say so.
 *
 * @param onRead told how many lines have been read so far
 * @throws the signal's reason
 */
export async function fileRanges(
  files: TickFiles,
  options: Pick<ChunkOptions, "choice" | "shiftUs">,
  { signal, onRead }: { signal: AbortSignal; onRead: (ticks: number) => void },
): Promise<FileRange[]> {
  const ranges = new Ranges();
  let count = 0;
  try {
    for await (const { lines } of files.batches()) {
      count += lines.length;
      onRead(count);
      for (const line of lines) {
        if (isTick(line)) ranges.add(line.symbol, line.timeUs, line.prices.length === 2 ? "quote" : "price");
      }
    }
  } catch {
    signal.throwIfAborted();
  }
  return ranges.list(options);
}
