import {
  bucketEnd,
  bucketStart,
  FIRST_BUCKET_US,
  type Micros,
  type TickKey,
  US_PER_DAY,
  US_PER_SECOND,
} from "@fx-ohlc/schemas";
import { Problem } from "@fx-ohlc/service-kit";
import type { BarArrays } from "./bar-columns.js";
import { Bars, partOf } from "./bars.js";
import { foldBars } from "./fold.js";
import { type AnchorBar, barsOf } from "./level-anchor.js";
import type { OuterKeys } from "./outer-keys.js";
import { countTicks } from "./tick-count.js";
import type { SingleTicks } from "./tick-source.js";
import type { TickWalk } from "./tick-walk.js";

/** Ticks of the last seconds are handed over one by one, for one that comes late may yet come before any of them. */
const UNSETTLED_US = 10 * US_PER_SECOND;
/** So many of them at most, as many as ten seconds of one symbol have ever brought. */
const UNSETTLED_MAX = 100_000;

/** Bars of ticks to go on from. */
export interface TickAnchorRange {
  readonly symbol: string;
  readonly perBar: number;
  readonly withQuotes: boolean;
}

/** The last bar as it was some seconds ago, and every tick since then. */
export interface TickAnchor {
  /** Undefined where nothing is older, or where retention has dropped its first ticks. */
  readonly bar: AnchorBar | undefined;
  /** Of its first tick. */
  readonly seq: number;
  /** Ticks of its bar up to there, also of one whose first are dropped. */
  readonly count: number;
  /** The last of them; undefined where there are none. */
  readonly last: TickKey | undefined;
  /** Where its FX day ends. */
  readonly dayEndUs: Micros;
  readonly ticks: SingleTicks;
}

const ALL_AT_ONCE = { source: undefined, startOf: () => 0, endOf: () => Number.POSITIVE_INFINITY };
const NO_TICKS: SingleTicks = {
  columns: { bucketUs: [], open: [], high: [], low: [], close: [], tickCount: [] },
  seq: [],
};

/** Reads what a gateway needs to go on with a symbol's bars of ticks, all of it under one snapshot. */
export async function readTickAnchor(walk: TickWalk, range: TickAnchorRange, nowUs: Micros): Promise<TickAnchor> {
  const { symbol, perBar, withQuotes } = range;
  const sinceUs = nowUs - UNSETTLED_US;
  const before = { symbol, withQuotes, fromUs: FIRST_BUCKET_US, toUs: sinceUs };
  const last = await lastTicks(walk, before, perBar);
  const ticks = await ticksSince(walk, { ...before, fromUs: sinceUs, toUs: nowUs + US_PER_DAY });
  const timeUs = last.columns.bucketUs.at(-1);
  if (timeUs === undefined) return { bar: undefined, seq: 0, count: 0, last: undefined, dayEndUs: 0, ticks };
  const { reader } = walk;
  const boundary = reader.dayBoundary;
  const dayStartUs = bucketStart(timeUs, "1d", boundary);
  const upTo = { timeUs, seq: last.seq.at(-1) ?? 0 };
  const ofDay = await countTicks(reader, { symbol, dayStartUs, upTo });
  const count = ((Math.max(1, ofDay) - 1) % perBar) + 1;
  const own = slice(last, Math.max(0, last.seq.length - count), last.seq.length);
  const isWhole = own.seq.length === count;
  const bar = isWhole ? barOf(symbol, own) : undefined;
  return { bar, seq: own.seq[0] ?? 0, count, last: upTo, dayEndUs: bucketEnd(timeUs, "1d", boundary), ticks };
}

/** The last ticks of a range, no fewer than so many where there are. */
async function lastTicks(walk: TickWalk, range: Parameters<TickWalk["backward"]>[0], count: number) {
  let last = NO_TICKS;
  for await (const part of walk.backward(range, count)) {
    last = joined(part, last);
    if (last.seq.length >= count) break;
  }
  return last;
}

/** @throws Problem 503 when there are more than can be handed over */
async function ticksSince(walk: TickWalk, range: Parameters<TickWalk["forward"]>[0]): Promise<SingleTicks> {
  let ticks = NO_TICKS;
  for await (const part of walk.forward(range, -1, 0)) {
    ticks = joined(ticks, part);
    if (ticks.seq.length > UNSETTLED_MAX) break;
    if (part.isLast) return ticks;
  }
  throw new Problem("unavailable", "Too many ticks of one symbol came within the last seconds.");
}

function joined(one: SingleTicks, other: SingleTicks): SingleTicks {
  const seq = [...one.seq, ...other.seq];
  return { columns: new Bars([partOf(one.columns), partOf(other.columns)]).arrays(), seq };
}

function slice({ columns, seq }: SingleTicks, from: number, to: number): SingleTicks {
  return { columns: new Bars([{ chunk: undefined, columns, from, to }]).arrays(), seq: seq.slice(from, to) };
}

/** One bar of some ticks, and where its outer ones are. */
function barOf(symbol: string, ticks: SingleTicks): AnchorBar | undefined {
  const { columns, seq } = ticks;
  const [bar] = barsOf(symbol, foldBars(new Bars([partOf(columns)]), ALL_AT_ONCE));
  if (bar === undefined) return undefined;
  const { quotes } = columns;
  const quoted = seq.flatMap((_seq, i) => ((quotes?.quoteCount[i] ?? 0) > 0 ? [i] : []));
  const [first] = quoted;
  const keys = keysOf(ticks, 0, seq.length - 1);
  const quoteKeys = first === undefined ? {} : { quoteKeys: keysOf(ticks, first, quoted.at(-1) ?? first) };
  return { ...bar, bucketUs: keys.openKey.timeUs, ...keys, ...quoteKeys };
}

function keysOf(
  { columns, seq }: { readonly columns: BarArrays; readonly seq: readonly number[] },
  from: number,
  to: number,
): OuterKeys {
  const keyAt = (i: number) => ({ timeUs: columns.bucketUs[i] ?? 0, seq: seq[i] ?? 0 });
  return { openKey: keyAt(from), closeKey: keyAt(to) };
}
