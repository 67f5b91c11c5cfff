import type { IncomingMessage } from "node:http";
import { DatabaseUnavailableError, readKeptSpellings } from "@fx-ohlc/database";
import {
  type AnchorQuery,
  barJson,
  bucketStart,
  type DayBoundary,
  formatTime,
  fxDayName,
  type Interval,
  isOfDays,
  LIMIT_DEFAULT,
  type LiveInterval,
  type Micros,
  parseInterval,
  parseLiveInterval,
  SHORT_NAMES,
  STORED_INTERVALS,
  type SymbolsQuery,
  type TickKey,
  ticksPerBar,
} from "@fx-ohlc/schemas";
import { invalid } from "@fx-ohlc/service-kit";
import { spreadSumAt } from "../bars/fold-quotes.js";
import { type AnchorBar, isAroundMinutes, readLevelAnchor } from "../bars/level-anchor.js";
import { readNewestBars } from "../bars/newest-bars.js";
import { readTickAnchor, type TickAnchor } from "../bars/tick-anchor.js";
import { sideColumns } from "../formats/quote-cells.js";
import { readIdentity } from "../stream-identity.js";
import { countSymbols, readSymbolNames } from "../symbols.js";
import type { Answer } from "./answer.js";
import type { BarSources } from "./bar-answer.js";
import { requireBoundaryFits } from "./bar-request.js";
import { boundaryOf } from "./ranges.js";

function keyJson({ timeUs, seq }: TickKey) {
  return { time: formatTime(timeUs), seq };
}

/** What a gateway goes on from: of an average the sum. */
function anchorQuotes({ quotes, quoteKeys }: AnchorBar) {
  if (quotes === undefined || quoteKeys === undefined) return null;
  const sides = [...sideColumns("bid", quotes, "bid_"), ...sideColumns("ask", quotes, "ask_")];
  return {
    ...Object.fromEntries(sides.map(({ name, cell }) => [name, cell(0)])),
    spread_min: quotes.spreadMin[0],
    spread_max: quotes.spreadMax[0],
    spread_sum: spreadSumAt(quotes, 0),
    quote_count: quotes.quoteCount[0],
    open_key: keyJson(quoteKeys.openKey),
    close_key: keyJson(quoteKeys.closeKey),
  };
}

/** What its buckets are of. */
interface Kind {
  /** As the stream calls it. */
  readonly interval: LiveInterval;
  readonly time: Interval;
  readonly boundary: DayBoundary;
}

function anchorBar(bar: AnchorBar, { interval, time, boundary }: Kind, nowUs: Micros) {
  const { bucketUs } = bar;
  return {
    interval,
    ...barJson(bar, bucketUs < bucketStart(nowUs, time, boundary)),
    ...(isOfDays(time) ? { date: fxDayName(bucketUs, boundary) } : {}),
    ...keysJson(bar),
  };
}

/** What more ticks are folded into a bar by. */
function keysJson(bar: AnchorBar) {
  return {
    open_key: keyJson(bar.openKey),
    close_key: keyJson(bar.closeKey),
    ...(bar.quotes === undefined ? {} : { quotes: anchorQuotes(bar) }),
  };
}

/** A bar of ticks as it was some seconds ago, and the ticks that came since then. */
function tickAnchorJson(symbol: string, anchor: TickAnchor) {
  const { bar, seq, count, last, dayEndUs, ticks } = anchor;
  const { columns } = ticks;
  const { quotes } = columns;
  const isQuote = (i: number) => (quotes?.quoteCount[i] ?? 0) > 0;
  return {
    symbol,
    count,
    ...(last === undefined ? {} : { last: keyJson(last) }),
    day_end: formatTime(dayEndUs),
    ...(bar === undefined
      ? {}
      : { bar: { ...barJson(bar, false), bucket: formatTime(bar.bucketUs), seq, ...keysJson(bar) } }),
    ticks: ticks.seq.map((ofTick, i) => ({
      ...{ time: formatTime(columns.bucketUs[i] ?? 0), price: columns.open[i], seq: ofTick },
      ...(isQuote(i) ? { bid: quotes?.bidOpen[i], ask: quotes?.askOpen[i] } : {}),
    })),
  };
}

/**
 * `GET /internal/clock`: the database's clock, by which gateways close bars.
 *
 * @throws DatabaseUnavailableError before the database was ever reached
 */
export async function getClock({ reader }: BarSources): Promise<Answer> {
  if (!reader.clock.isKnown) throw new DatabaseUnavailableError();
  return { body: JSON.stringify({ now: formatTime(reader.nowUs()) }) };
}

/**
 * `GET /internal/database`: which database the primary is at this moment, read from it for each answer. A gateway that sees
 * another incarnation knows that what it holds may never have happened, and it reads symbols as every service does; how many there are
 * tells it what following all of them costs.
 */
export async function getDatabase({ reader }: BarSources): Promise<Answer> {
  const body = await reader.read(async (sql) => ({
    ...(await readIdentity(sql)),
    kept_spellings: await readKeptSpellings(sql),
    symbol_count: await countSymbols(sql),
  }));
  return { body: JSON.stringify(body) };
}

/** `GET /internal/symbols`: the names of a page of symbols, so that whoever follows all of them can ask for their anchors in pages. */
export async function getSymbolNames(
  { reader }: BarSources,
  _req: IncomingMessage,
  { prefix = "", limit = LIMIT_DEFAULT, after = "" }: SymbolsQuery,
): Promise<Answer> {
  return { body: JSON.stringify(await readSymbolNames(reader, { prefix, limit, after })) };
}

/** Symbols whose bars that are not stored are read in one request: one after the other, some milliseconds each. */
const SYMBOLS_MAX = 100;

/**
 * `GET /internal/anchor`: the newest bars with the snapshot they were read under, from which a gateway goes on by itself; their
 * quotes are read where they are asked for. Without an interval they are the stored ones: minutes, hours and days. A gateway of the
 * version before asks for all symbols at once. Not for the outside: the edge does not lead here.
 */
export function getAnchor(sources: BarSources, _req: IncomingMessage, query: AnchorQuery): Promise<Answer> {
  const { interval, symbol = [] } = query;
  if (interval === undefined) return storedAnchor(sources, query);
  if (symbol.length === 0 || symbol.length > SYMBOLS_MAX) {
    throw invalid([{ field: "symbol", message: `must name 1 to ${SYMBOLS_MAX} symbols` }]);
  }
  requireBoundaryFits(query, interval);
  const time = parseInterval(interval);
  const perBar = ticksPerBar(interval);
  if (time !== undefined) return levelAnchor(sources, query, symbol, time);
  return tickAnchors(sources, query, symbol, perBar ?? 0);
}

async function storedAnchor({ reader }: BarSources, { symbol, family }: AnchorQuery): Promise<Answer> {
  const quotesOf = family === "quote" ? STORED_INTERVALS : [];
  const { nowUs, snapshot, identity, bars } = await readNewestBars(reader, symbol, quotesOf);
  const boundary = reader.dayBoundary;
  const kindOf = (interval: (typeof STORED_INTERVALS)[number]) => ({ interval, time: SHORT_NAMES[interval], boundary });
  const body = {
    ...identity,
    snapshot,
    now: formatTime(nowUs),
    day_boundary: boundary,
    bars: bars.map((bar) => anchorBar(bar, kindOf(bar.interval), nowUs)),
  };
  return { body: JSON.stringify(body) };
}

/** The bars of any other interval of time, or of days with a boundary of their own. */
function levelAnchor(
  { pages }: BarSources,
  query: AnchorQuery,
  symbols: readonly string[],
  time: Interval,
): Promise<Answer> {
  return pages.underOneSnapshot(async (ofIt, within) => {
    const boundary = boundaryOf(query, within.dayBoundary);
    const newest = await readNewestBars(within, isAroundMinutes(time) ? symbols : []);
    const { nowUs, snapshot, identity } = newest;
    const range = { symbols, interval: time, boundary, withQuotes: query.family === "quote" };
    const bars = await readLevelAnchor(within, ofIt, range, newest);
    const kind = { interval: parseLiveInterval(time) ?? "minute", time, boundary };
    const head = { ...identity, snapshot, now: formatTime(nowUs), day_boundary: boundary };
    return { body: JSON.stringify({ ...head, bars: bars.map((bar) => anchorBar(bar, kind, nowUs)) }) };
  });
}

function tickAnchors(
  { pages }: BarSources,
  { family }: AnchorQuery,
  symbols: readonly string[],
  perBar: number,
): Promise<Answer> {
  return pages.underOneSnapshot(async ({ ticks: walk }, within) => {
    const { nowUs, snapshot, identity } = await readNewestBars(within, []);
    const anchors = [];
    for (const symbol of symbols) {
      const anchor = await readTickAnchor(walk, { symbol, perBar, withQuotes: family === "quote" }, nowUs);
      anchors.push(tickAnchorJson(symbol, anchor));
    }
    const head = { ...identity, snapshot, now: formatTime(nowUs), day_boundary: within.dayBoundary };
    return { body: JSON.stringify({ ...head, bars: [], of_ticks: anchors }) };
  });
}
