import type { IncomingMessage } from "node:http";
import { DatabaseUnavailableError, readKeptSpellings } from "@fx-ohlc/database";
import {
  type AnchorQuery,
  barJson,
  bucketStart,
  type DayBoundary,
  formatTime,
  fxDayName,
  LIMIT_DEFAULT,
  type Micros,
  SHORT_NAMES,
  STORED_INTERVALS,
  type SymbolsQuery,
  type TickKey,
} from "@fx-ohlc/schemas";
import { spreadSumAt } from "../bars/fold-quotes.js";
import { type NewestBar, readNewestBars } from "../bars/newest-bars.js";
import { sideColumns } from "../formats/quote-cells.js";
import { readIdentity } from "../stream-identity.js";
import { readSymbolNames } from "../symbols.js";
import type { Answer } from "./answer.js";
import type { BarSources } from "./bar-answer.js";

function keyJson({ timeUs, seq }: TickKey) {
  return { time: formatTime(timeUs), seq };
}

/** What a gateway goes on from: of an average the sum. */
function anchorQuotes({ quotes, quoteKeys }: NewestBar) {
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

function anchorBar(bar: NewestBar, nowUs: Micros, boundary: DayBoundary) {
  const { interval, bucketUs } = bar;
  const short = SHORT_NAMES[interval];
  return {
    interval,
    ...barJson(bar, bucketUs < bucketStart(nowUs, short, boundary)),
    ...(interval === "day" ? { date: fxDayName(bucketUs, boundary) } : {}),
    open_key: keyJson(bar.openKey),
    close_key: keyJson(bar.closeKey),
    ...(bar.quotes === undefined ? {} : { quotes: anchorQuotes(bar) }),
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
 * another incarnation knows that what it holds may never have happened, and it reads symbols as every service does.
 */
export async function getDatabase({ reader }: BarSources): Promise<Answer> {
  const body = await reader.read(async (sql) => ({
    ...(await readIdentity(sql)),
    kept_spellings: await readKeptSpellings(sql),
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

/**
 * `GET /internal/anchor`: the newest bars with the snapshot they were read under, from which a gateway goes on by itself; their
 * quotes are read where they are asked for. A gateway of the version before asks for all symbols at once. Not for the outside: the
 * edge does not lead here.
 */
export async function getAnchor(
  { reader }: BarSources,
  _req: IncomingMessage,
  { symbol, family }: AnchorQuery,
): Promise<Answer> {
  const quotesOf = family === "quote" ? STORED_INTERVALS : [];
  const { nowUs, snapshot, identity, bars } = await readNewestBars(reader, symbol, quotesOf);
  const boundary = reader.dayBoundary;
  const body = {
    ...identity,
    snapshot,
    now: formatTime(nowUs),
    day_boundary: boundary,
    bars: bars.map((bar) => anchorBar(bar, nowUs, boundary)),
  };
  return { body: JSON.stringify(body) };
}
