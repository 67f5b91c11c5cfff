import type { ChartBar, Seconds } from "../bars/chart-bar.js";
import { decimalsFor } from "../format/price.js";

/** Both sides of a quote. */
export interface Sides {
  readonly bid: number;
  readonly ask: number;
}

/** What the system says a symbol is. */
export interface SymbolFacts {
  readonly pip: number | null;
  readonly digits: number | null;
}

/** What is known of one symbol. */
export interface WatchRow {
  readonly symbol: string;
  readonly last: number | undefined;
  readonly decimals: number;
  /** Which way the price last moved. */
  readonly direction: -1 | 0 | 1;
  /** Grows with every change of the row that is to be seen as a flash. */
  readonly beat: number;
  /** Where the price was when the stored FX day began, and which day that is. */
  readonly dayOpen: number | undefined;
  readonly dayBucket: Seconds;
  /** The minute that {@link last} belongs to, and its ticks so far. */
  readonly bucket: Seconds;
  readonly count: number;
  /** Ticks seen since the page was opened. */
  readonly seen: number;
  /** When a tick set {@link last}, by this machine's clock; bars of the stream are up to 250 ms behind ticks. */
  readonly tickAtMs: number;
  /** The newest quote; undefined of a symbol that has none. */
  readonly sides: Sides | undefined;
  readonly pip: number;
  /** Decimals of its sides: a mid may have one more. */
  readonly digits: number;
  /** Closes of the bars behind the spark line; undefined until they were read. */
  readonly spark: readonly number[] | undefined;
}

export type WatchRows = ReadonlyMap<string, WatchRow>;

export type WatchEvent =
  | { readonly type: "symbol"; readonly symbol: string; readonly facts?: SymbolFacts }
  | {
      readonly type: "minute";
      readonly symbol: string;
      readonly bar: ChartBar;
      readonly atMs: number;
      readonly sides?: Sides | undefined;
    }
  | { readonly type: "day"; readonly symbol: string; readonly bar: ChartBar }
  | {
      readonly type: "tick";
      readonly symbol: string;
      readonly price: number;
      readonly atMs: number;
      readonly sides?: Sides | undefined;
    }
  | { readonly type: "spark"; readonly symbol: string; readonly closes: readonly number[] };

/** Longer than the stream holds a bar back: after so long a bar knows every tick that was seen. */
const BAR_LAG_MS = 1_000;

function newRow(symbol: string): WatchRow {
  return {
    symbol,
    last: undefined,
    decimals: 5,
    direction: 0,
    beat: 0,
    dayOpen: undefined,
    dayBucket: Number.NEGATIVE_INFINITY,
    bucket: Number.NEGATIVE_INFINITY,
    count: 0,
    seen: 0,
    tickAtMs: Number.NEGATIVE_INFINITY,
    sides: undefined,
    pip: 0.0001,
    digits: 5,
    spark: undefined,
  };
}

function withPrice(row: WatchRow, price: number): WatchRow {
  const isFirst = row.last === undefined;
  const decimals = decimalsFor(price, isFirst ? undefined : row.decimals);
  const moved = Math.sign(price - (row.last ?? price));
  const direction = moved > 0 ? 1 : moved < 0 ? -1 : row.direction;
  return { ...row, last: price, decimals, direction, beat: isFirst ? row.beat : row.beat + 1 };
}

function withMinute(row: WatchRow, { bar, atMs, sides = row.sides }: EventOf<"minute">): WatchRow {
  if (bar.time < row.bucket || bar.count === 0) return row;
  const isFirst = row.last === undefined;
  const added = bar.time > row.bucket ? bar.count : Math.max(0, bar.count - row.count);
  const counted = { ...row, bucket: bar.time, count: bar.count, seen: row.seen + (isFirst ? 0 : added) };
  const isBehind = atMs - row.tickAtMs < BAR_LAG_MS;
  const isNews = added > 0 || bar.close !== row.last;
  if (isBehind) return counted;
  const quoted = isSame(sides, row.sides) ? counted : { ...counted, sides };
  return isNews ? withPrice(quoted, bar.close) : quoted;
}

type EventOf<Type extends WatchEvent["type"]> = Extract<WatchEvent, { type: Type }>;

function withFacts(row: WatchRow, facts: SymbolFacts | undefined): WatchRow {
  return facts === undefined ? row : { ...row, pip: facts.pip ?? row.pip, digits: facts.digits ?? row.digits };
}

function isSame(a: Sides | undefined, b: Sides | undefined): boolean {
  return a?.bid === b?.bid && a?.ask === b?.ask;
}

function withDay(row: WatchRow, { time, open, count }: ChartBar): WatchRow {
  return time < row.dayBucket || count === 0 ? row : { ...row, dayOpen: open, dayBucket: time };
}

function reduceRow(row: WatchRow, event: WatchEvent): WatchRow {
  switch (event.type) {
    case "symbol":
      return withFacts(row, event.facts);
    case "minute":
      return withMinute(row, event);
    case "day":
      return withDay(row, event.bar);
    case "tick":
      return { ...withPrice(row, event.price), tickAtMs: event.atMs, sides: event.sides ?? row.sides };
    case "spark":
      return { ...row, spark: event.closes };
  }
}

/** The rows after a frame's events: those that nothing happened to are the same objects as before. */
export function reduceWatch(rows: WatchRows, events: readonly WatchEvent[]): WatchRows {
  if (events.length === 0) return rows;
  const next = new Map(rows);
  for (const event of events) {
    const row = next.get(event.symbol) ?? newRow(event.symbol);
    next.set(event.symbol, reduceRow(row, event));
  }
  return next;
}

/** Ticks of every symbol since the page was opened. */
export function ticksSeen(rows: WatchRows): number {
  let sum = 0;
  for (const { seen } of rows.values()) sum += seen;
  return sum;
}
