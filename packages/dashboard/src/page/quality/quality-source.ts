import type { FxClient, GapJson, QualityJson, RevisionJson, SymbolJson } from "@fx-ohlc/client";
import { eachOf } from "../pages/each-of.js";
import type { QualityDays } from "../pages/page-name.js";
import { readRevisions } from "../revisions/revisions.js";
import { DAY_MS, type MinuteRange } from "./minutes.js";

/** Asked for at once: `/quality` answers up to 4,000 symbols by days. */
const SYMBOLS_AT_ONCE = 20;
const READERS = 2;
/** A strip in the list is so many pixels long: gaps that are shorter than two of them are not to be seen. */
const STRIP_PX = 150;
const MINUTE_S = 60;
const MINUTE_MS = 60_000;

/** The UTC days up to today, so many. */
export function rangeOf(days: QualityDays, nowMs: number): MinuteRange {
  const fromMs = Math.floor(nowMs / DAY_MS) * DAY_MS - (days - 1) * DAY_MS;
  return { fromMs, toMs: Math.floor(nowMs / MINUTE_MS) * MINUTE_MS };
}

/** A symbol, and since when it is one. */
export type KnownSymbol = Pick<SymbolJson, "symbol" | "first_tick">;

/** The part of a range that a symbol was there in: before its first tick nothing is missing. */
export function lifeIn({ fromMs, toMs }: MinuteRange, first: string | null | undefined): MinuteRange {
  const firstMs = first ? Math.floor(Date.parse(first) / MINUTE_MS) * MINUTE_MS : fromMs;
  return { fromMs: Math.min(toMs, Math.max(fromMs, firstMs)), toMs };
}

/** What is read of one symbol when it is looked at closely. */
export interface SymbolQuality {
  /** Those of the closed market among them. */
  readonly gaps: readonly GapJson[];
  readonly revisions: readonly RevisionJson[];
}

/** Reads how whole what is stored is. */
export class QualitySource {
  constructor(private readonly client: FxClient) {}

  symbols(signal: AbortSignal): Promise<SymbolJson[]> {
    return this.client.symbols({ signal });
  }

  /** @param onRows told of each symbol once it is known */
  async overview(
    symbols: readonly KnownSymbol[],
    range: MinuteRange,
    signal: AbortSignal,
    onRows: (rows: readonly QualityJson[]) => void,
  ): Promise<void> {
    await eachOf(partsOf(symbols, range), READERS, async ({ names, fromMs }) => {
      onRows(await this.client.quality({ symbols: names, ...between({ fromMs, toMs: range.toMs }), signal }));
    });
  }

  /** The gaps of a symbol that are to be seen on a small strip. */
  async stripGaps(symbol: string, range: MinuteRange, signal: AbortSignal): Promise<readonly GapJson[]> {
    const pixelS = (range.toMs - range.fromMs) / 1_000 / STRIP_PX;
    const minGapS = Math.max(MINUTE_S, Math.floor(pixelS / MINUTE_S) * MINUTE_S);
    return rowsOf(this.client.gaps({ symbol, ...between(range), minGapS, closed: true, signal }));
  }

  async of(symbol: string, range: MinuteRange, signal: AbortSignal): Promise<SymbolQuality> {
    const [gaps, revisions] = await Promise.all([
      rowsOf(this.client.gaps({ symbol, ...between(range), closed: true, signal })),
      readRevisions(this.client, { symbol, fromMs: range.fromMs }, signal),
    ]);
    return { gaps, revisions };
  }
}

interface Part {
  readonly names: string[];
  readonly fromMs: number;
}

/** Those that are asked for at once have the same start: most of them that of the range. */
function partsOf(symbols: readonly KnownSymbol[], range: MinuteRange): readonly Part[] {
  const parts: Part[] = [];
  const open = new Map<number, Part>();
  for (const { symbol, first_tick: first } of symbols) {
    const { fromMs } = lifeIn(range, first);
    const part = open.get(fromMs) ?? { names: [], fromMs };
    if (part.names.length === 0) parts.push(part);
    part.names.push(symbol);
    if (part.names.length < SYMBOLS_AT_ONCE) open.set(fromMs, part);
    else open.delete(fromMs);
  }
  return parts;
}

async function rowsOf<T>(pages: AsyncIterable<T>): Promise<readonly T[]> {
  const rows: T[] = [];
  for await (const row of pages) rows.push(row);
  return rows;
}

function between({ fromMs, toMs }: MinuteRange): { start: string; end: string } {
  return { start: new Date(fromMs).toISOString(), end: new Date(toMs).toISOString() };
}
