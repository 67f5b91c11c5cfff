import type { FeedState } from "@fx-ohlc/client";
import { type MarketSession, parseSession } from "@fx-ohlc/schemas/session";
import type { ChartBar, Seconds } from "../bars/chart-bar.js";
import { decimalsFor } from "../format/price.js";
import { type DayBar, withDay } from "./days.js";

/** Both sides of a quote. */
export interface Sides {
  readonly bid: number;
  readonly ask: number;
}

/** What the system says a symbol is. */
export interface SymbolFacts {
  readonly pip: number | null;
  readonly digits: number | null;
  /** When its market is open, as the API writes it. */
  readonly session?: string;
  readonly quiet_after_s?: number | null;
  readonly last_tick?: string | null;
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
  /** The newest days of the chosen boundary, ascending. */
  readonly days: readonly DayBar[];
  /** When its last tick was, ms since 1970, within its minute as well as is known. */
  readonly lastAtMs: number | undefined;
  readonly session: MarketSession;
  readonly quietAfterS: number | undefined;
  /** How its feeds are; undefined while none has named itself. */
  readonly feed: FeedState | undefined;
  /** The minute that {@link last} belongs to, and its ticks so far. */
  readonly bucket: Seconds;
  readonly count: number;
  /** Ticks seen since the page was opened. */
  readonly seen: number;
  /** When a tick set {@link last}, by this machine's clock; bars of the stream are up to 250 ms behind ticks. */
  readonly tickAtMs: number;
  /** The newest quote; undefined of a symbol that has none. */
  readonly sides: Sides | undefined;
  /** Undefined of a symbol that has none. */
  readonly pip: number | undefined;
  /** Decimals of its sides, undefined until they are told: a mid may have one more. */
  readonly digits: number | undefined;
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
  /** Days begin elsewhere from now on: those that are known of every symbol are none any more. */
  | { readonly type: "boundary" }
  | { readonly type: "feed"; readonly symbol: string; readonly state: FeedState }
  | {
      readonly type: "tick";
      readonly symbol: string;
      readonly price: number;
      readonly atMs: number;
      /** Its own time; as it came when absent. */
      readonly tickMs?: number;
      readonly sides?: Sides | undefined;
    }
  | { readonly type: "spark"; readonly symbol: string; readonly closes: readonly number[] };

/** Longer than the stream holds a bar back: after so long a bar knows every tick that was seen. */
const BAR_LAG_MS = 1_000;
const MINUTE_S = 60;

function newRow(symbol: string): WatchRow {
  return {
    symbol,
    last: undefined,
    decimals: 5,
    direction: 0,
    beat: 0,
    days: [],
    lastAtMs: undefined,
    session: "always",
    quietAfterS: undefined,
    feed: undefined,
    bucket: Number.NEGATIVE_INFINITY,
    count: 0,
    seen: 0,
    tickAtMs: Number.NEGATIVE_INFINITY,
    sides: undefined,
    pip: undefined,
    digits: undefined,
    spark: undefined,
  };
}

function withPrice(row: WatchRow, price: number): WatchRow {
  const isFirst = row.last === undefined;
  const decimals = decimalsFor(price, isFirst ? row.digits : row.decimals);
  const moved = Math.sign(price - (row.last ?? price));
  const direction = moved > 0 ? 1 : moved < 0 ? -1 : row.direction;
  return { ...row, last: price, decimals, direction, beat: isFirst ? row.beat : row.beat + 1 };
}

function withMinute(row: WatchRow, { bar, atMs, sides = row.sides }: EventOf<"minute">): WatchRow {
  if (bar.time < row.bucket || bar.count === 0) return row;
  const isFirst = row.last === undefined;
  const added = bar.time > row.bucket ? bar.count : Math.max(0, bar.count - row.count);
  const counted = {
    ...row,
    bucket: bar.time,
    count: bar.count,
    seen: row.seen + (isFirst ? 0 : added),
    lastAtMs: added > 0 ? lastAtMs(row, bar.time, atMs) : row.lastAtMs,
  };
  const isBehind = atMs - row.tickAtMs < BAR_LAG_MS;
  const isNews = added > 0 || bar.close !== row.last;
  if (isBehind) return counted;
  const quoted = isSame(sides, row.sides) ? counted : { ...counted, sides };
  return isNews ? withPrice(quoted, bar.close) : quoted;
}

/** Of a bar with a new tick in it that tick's time is known to its minute; what is heard of a minute that runs came just now. */
function lastAtMs(row: WatchRow, bucket: Seconds, atMs: number): number {
  const [startMs, endMs] = [bucket * 1_000, (bucket + MINUTE_S) * 1_000];
  const known = row.lastAtMs ?? Number.NEGATIVE_INFINITY;
  // What is told of a closed minute on connecting: the symbol's own facts know its tick exactly.
  if (atMs > endMs + BAR_LAG_MS) return Math.max(known, startMs);
  return Math.max(known, startMs, Math.min(atMs, endMs));
}

type EventOf<Type extends WatchEvent["type"]> = Extract<WatchEvent, { type: Type }>;

function withFacts(row: WatchRow, facts: SymbolFacts | undefined): WatchRow {
  if (facts === undefined) return row;
  const { pip, digits, session = "", quiet_after_s: quietAfterS, last_tick: last } = facts;
  const toldMs = typeof last === "string" ? Date.parse(last) : Number.NEGATIVE_INFINITY;
  const isLater = toldMs > (row.lastAtMs ?? Number.NEGATIVE_INFINITY);
  return {
    ...row,
    pip: pip ?? undefined,
    digits: digits ?? undefined,
    decimals: row.last === undefined ? (digits ?? row.decimals) : decimalsFor(row.last, digits ?? undefined),
    session: parseSession(session) ?? row.session,
    quietAfterS: quietAfterS ?? undefined,
    lastAtMs: isLater ? toldMs : row.lastAtMs,
  };
}

function isSame(a: Sides | undefined, b: Sides | undefined): boolean {
  return a?.bid === b?.bid && a?.ask === b?.ask;
}

function withTick(row: WatchRow, { price, atMs, tickMs = atMs, sides = row.sides }: EventOf<"tick">): WatchRow {
  const lastAtMs = Math.max(row.lastAtMs ?? Number.NEGATIVE_INFINITY, tickMs);
  return { ...withPrice(row, price), tickAtMs: atMs, lastAtMs, sides };
}

function reduceRow(row: WatchRow, event: Exclude<WatchEvent, { type: "boundary" }>): WatchRow {
  switch (event.type) {
    case "symbol":
      return withFacts(row, event.facts);
    case "minute":
      return withMinute(row, event);
    case "day":
      return { ...row, days: withDay(row.days, event.bar) };
    case "tick":
      return withTick(row, event);
    case "feed":
      return { ...row, feed: event.state };
    case "spark":
      return { ...row, spark: event.closes };
  }
}

/** The rows after a frame's events: those that nothing happened to are the same objects as before. */
export function reduceWatch(rows: WatchRows, events: readonly WatchEvent[]): WatchRows {
  if (events.length === 0) return rows;
  const next = new Map(rows);
  for (const event of events) {
    if (event.type === "boundary") {
      for (const row of next.values()) next.set(row.symbol, { ...row, days: [] });
      continue;
    }
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
