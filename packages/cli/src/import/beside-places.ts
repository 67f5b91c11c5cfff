import { type FxClient, ProblemError, type TickJson } from "@fx-ohlc/client";
import { formatTime, parseTime, US_PER_MINUTE } from "@fx-ohlc/schemas";
import { type ChunkRow, kindOfPrices } from "./chunk-rows.js";
import type { Chunk } from "./chunks.js";
import { UNASKABLE } from "./resume.js";
import { isStoredAs, kindOf, type StoredRange } from "./stored-kinds.js";

/** What lies between stamps that are further apart is not read: there may be much more of it than of the file. */
const GAP_MAX_US = US_PER_MINUTE;

/** The stretches of a symbol that hold some stamps, without the gaps between them. */
function rangesOf(symbol: string, times: Iterable<string>): StoredRange[] {
  const stamps = [...times].map((time) => parseTime(time) ?? 0).sort((a, b) => a - b);
  const ranges: { symbol: string; fromUs: number; toUs: number }[] = [];
  for (const us of stamps) {
    const last = ranges.at(-1);
    if (last !== undefined && us - last.toUs < GAP_MAX_US) last.toUs = us + 1;
    else ranges.push({ symbol, fromUs: us, toUs: us + 1 });
  }
  return ranges;
}

/** The slot at a place among those that others have not taken, counted from 0. */
function freeSlot(place: number, others: ReadonlySet<number>): number {
  let slot = -1;
  for (let left = place; left >= 0; left -= others.has(slot) ? 0 : 1) slot += 1;
  return slot;
}

/**
 * Where the rows of one stamp go. What a file says is obeyed where the slots are free, or hold these very ticks. Otherwise it is
 * the order among ticks of the file's kind, which take the slots that those of the other kind have left: in the same order, none lost
 * that looks like another one, and the same slots when the file comes again.
 */
function slotsOf(rows: readonly ChunkRow[], stored: readonly TickJson[]): readonly number[] {
  const said = rows.map(({ seq = 0 }) => seq);
  const at = new Map(stored.map((tick) => [tick.seq, tick]));
  const isTaken = ({ prices }: ChunkRow, there: TickJson | undefined) =>
    there !== undefined && !isStoredAs(prices, there);
  if (!rows.some((row, index) => isTaken(row, at.get(said[index] ?? 0)))) return said;
  const [kind, another] = new Set(rows.map(({ prices }) => kindOfPrices(prices)));
  // Of both kinds in one stamp the numbers are those of all its ticks: the service says what stands in their way.
  if (another !== undefined) return said;
  const others = new Set(stored.filter((tick) => kindOf(tick) !== kind).map(({ seq }) => seq));
  return said.map((place) => freeSlot(place, others));
}

/** Finds places for numbered ticks beside stored ones of the other kind. */
export class BesidePlaces {
  #isAskable = true;

  /** @param onUnaskable told that what is stored cannot be asked: numbers stay as they are then */
  constructor(
    private readonly client: FxClient,
    private readonly signal: AbortSignal,
    private readonly onUnaskable: () => void,
  ) {}

  /** The chunk with numbers that the service can take. */
  async placed(chunk: Chunk): Promise<Chunk> {
    if (!this.#isAskable || !chunk.rows.hasSeq) return chunk;
    try {
      const slots = new Map<ChunkRow, number>();
      for (const [symbol, rows] of chunk.rows.bySymbol) await this.#place(symbol, rows, slots);
      return { ...chunk, body: chunk.rows.body((row) => slots.get(row)) };
    } catch (error) {
      if (!(error instanceof ProblemError && UNASKABLE.has(error.status))) throw error;
      this.#isAskable = false;
      this.onUnaskable();
      return chunk;
    }
  }

  async #place(symbol: string, rows: readonly ChunkRow[], slots: Map<ChunkRow, number>): Promise<void> {
    const stamps = new Map<string, ChunkRow[]>();
    for (const row of rows) stamps.set(row.time, [...(stamps.get(row.time) ?? []), row]);
    const stored = await this.#storedAt(symbol, stamps);
    for (const [time, own] of stamps) {
      const found = slotsOf(own, stored.get(time) ?? []);
      for (const [index, row] of own.entries()) slots.set(row, found[index] ?? 0);
    }
  }

  async #storedAt(symbol: string, stamps: ReadonlyMap<string, unknown>): Promise<ReadonlyMap<string, TickJson[]>> {
    const stored = new Map<string, TickJson[]>();
    for (const { fromUs, toUs } of rangesOf(symbol, stamps.keys())) {
      const range = { symbol, start: formatTime(fromUs), end: formatTime(toUs), signal: this.signal };
      for await (const tick of this.client.ticks(range)) {
        if (stamps.has(tick.time)) stored.set(tick.time, [...(stored.get(tick.time) ?? []), tick]);
      }
    }
    return stored;
  }
}
