import type { MarketSessions, Micros, SymbolRange, TimeRange } from "@fx-ohlc/schemas";
import { type Grounds, readGrounds } from "../bars/empty-reasons.js";
import type { Reader } from "../reader.js";
import { closedMinutes, type Gap, gapCutter, silences } from "./gaps.js";
import { type OddTicks, readOddTicks } from "./outliers.js";
import { readFacts, type StoredFacts } from "./stored-facts.js";
import { emptyMinutes } from "./stored-minutes.js";

/** How whole what is stored of a symbol is. */
export interface Quality extends SymbolRange, StoredFacts {
  readonly openUs: Micros;
  readonly gaps: number;
  readonly gapUs: Micros;
  readonly downUs: Micros;
  readonly longestSilence: TimeRange | undefined;
  /** Undefined when nobody asked. */
  readonly odd: OddTicks | undefined;
}

/** What is read of a symbol. */
export interface QualityRange extends SymbolRange {
  /** Shorter gaps do not count. */
  readonly minGapUs: Micros;
}

/** What is answered from. */
export interface QualitySources {
  readonly reader: Reader;
  readonly sessions: MarketSessions;
}

/** Symbols that are read at a time: as many as leave some connections for others. */
const SYMBOLS_AT_A_TIME = 4;

/**
 * Reads symbols beside one another, from bars of a minute; in their order, without those that nobody ever sent.
 *
 * @param withOdd whether every tick is read, too
 */
export async function readQuality(
  sources: QualitySources,
  ranges: readonly QualityRange[],
  withOdd: boolean,
): Promise<Quality[]> {
  const found = new Map<QualityRange, Quality>();
  const waiting = ranges.values();
  const readOn = async () => {
    for (const range of waiting) {
      const quality = await readOne(sources, range, withOdd);
      if (quality !== undefined) found.set(range, quality);
    }
  };
  await Promise.all(Array.from({ length: SYMBOLS_AT_A_TIME }, readOn));
  return ranges.flatMap((range) => found.get(range) ?? []);
}

/** Undefined of a symbol that nobody ever sent. */
async function readOne({ reader, sessions }: QualitySources, range: QualityRange, withOdd: boolean) {
  const grounds = await readGrounds(reader, sessions, range);
  if (!grounds.isKnown) return undefined;
  const facts = await readFacts(reader, range);
  const empty: TimeRange[] = [];
  for await (const run of emptyMinutes(reader, range)) empty.push(run);
  const odd = withOdd ? await readOddTicks(reader, range, facts.tickCount) : undefined;
  return { ...range, ...facts, ...measured(range, empty, grounds), odd };
}

const lengthOf = ({ fromUs, toUs }: TimeRange): Micros => toUs - fromUs;

function measured({ fromUs, toUs, minGapUs }: QualityRange, empty: readonly TimeRange[], grounds: Grounds) {
  const closed = closedMinutes(grounds, { fromUs, toUs });
  const total = (ranges: readonly TimeRange[]) => ranges.reduce((sum, range) => sum + lengthOf(range), 0);
  const gapsOf = gapCutter(closed, grounds);
  const gaps = empty.flatMap((run) => [...gapsOf(run)]).filter((gap) => isShown(gap, minGapUs));
  let longestSilence: TimeRange | undefined;
  for (const silence of silences(empty, closed)) {
    if (longestSilence === undefined || lengthOf(silence) > lengthOf(longestSilence)) longestSilence = silence;
  }
  return {
    openUs: toUs - fromUs - total(closed),
    ...{ gaps: gaps.length, gapUs: total(gaps), downUs: total(gaps.filter(({ reason }) => reason === "feed_down")) },
    longestSilence,
  };
}

function isShown(gap: Gap, minGapUs: Micros, withClosed = false): boolean {
  return lengthOf(gap) >= minGapUs && (withClosed || gap.reason !== "market_closed");
}

/** The first so many gaps of a symbol. */
export async function readGaps(
  { reader, sessions }: QualitySources,
  range: QualityRange,
  { withClosed, rowsMax }: { readonly withClosed: boolean; readonly rowsMax: number },
): Promise<Gap[]> {
  const gaps: Gap[] = [];
  const grounds = await readGrounds(reader, sessions, range);
  if (!grounds.isKnown) return gaps;
  const gapsOf = gapCutter(closedMinutes(grounds, range), grounds);
  for await (const run of emptyMinutes(reader, range)) {
    gaps.push(...[...gapsOf(run)].filter((gap) => isShown(gap, range.minGapUs, withClosed)));
    if (gaps.length >= rowsMax) break;
  }
  return gaps.slice(0, rowsMax);
}
