import type { IncomingMessage } from "node:http";
import {
  dayPartUs,
  fixedLengthUs,
  formatBucket,
  formatTime,
  isOfTicks,
  type Micros,
  US_PER_DAY,
} from "@fx-ohlc/schemas";
import { pageLink } from "@fx-ohlc/service-kit";
import type { BarRange } from "../bars/bar-page.js";
import { Bars } from "../bars/bars.js";
import { TICKS_PER_PAGE_MAX } from "../bars/tick-walk.js";
import { BarsBody } from "../formats/bars-body.js";
import { bodyMaker, rowsToMake } from "../formats/table-body.js";
import { type MadeAnswer, textAnswer } from "./answer.js";
import type { BarSources } from "./bar-answer.js";
import { type AnyBars, barsTable, contextOf, countOf, isKeptText, noteRows, pagesOf } from "./bar-pages.js";
import type { BarRequest } from "./bar-request.js";
import { CONTENT_TYPES } from "./media-type.js";

/** Symbols that are read together at most: one statement reads as many. */
const TOGETHER_MAX = 32;
/** The last part of each FX day may be cut, so that there are some more than their length says; as many days as an hour less leaves. */
const CUT_PARTS = 1.25;

/** The bars of one symbol on a page. */
interface SymbolBars {
  readonly range: BarRange;
  readonly bars: AnyBars;
}

/** Where a page goes on: at one of the symbols, and of that at a bucket; undefined: at its beginning. */
interface Cursor {
  readonly place: number;
  readonly fromUs: Micros | undefined;
}

/** A page of several symbols. There is at least one of them on it, be it without bars. */
interface SeveralPage {
  readonly found: readonly [SymbolBars, ...SymbolBars[]];
  readonly cursor: Cursor | undefined;
}

function rangesOf({ range, later }: BarRequest): readonly BarRange[] {
  return [range, ...later];
}

/** No more bars than this start within a range. */
function rowsBound({ interval, fromUs, toUs }: BarRange, nowUs: Micros): number {
  const lengthUs = fixedLengthUs(interval) ?? dayPartUs(interval) ?? US_PER_DAY;
  // A producer's clock may be a little ahead.
  const us = Math.max(0, Math.min(toUs, nowUs + US_PER_DAY) - fromUs);
  return Math.ceil((us / lengthUs) * CUT_PARTS) + 2;
}

/**
 * The next symbols that are read together: as many as surely have room. Where none is left, all that is asked is whether there are
 * others.
 */
function nextTogether(ranges: readonly BarRange[], room: number, nowUs: Micros): readonly BarRange[] {
  const [first] = ranges;
  // Those made of ticks take half a second each, and are bounded one by one.
  const countMax = first !== undefined && isOfTicks(first.interval) ? 1 : TOGETHER_MAX;
  let [count, rows] = [0, 0];
  for (const range of ranges.slice(0, countMax)) {
    rows += room === 0 ? 0 : rowsBound(range, nowUs);
    if (rows > room && count > 0) break;
    count += 1;
  }
  return ranges.slice(0, count);
}

function ticksIn(bars: AnyBars): number {
  const { tickCount } = bars instanceof Bars ? bars.arrays() : bars;
  return Array.from(tickCount).reduce((sum, count) => sum + count, 0);
}

/** Reads symbol after symbol until a page is full. */
async function readInOrder(sources: BarSources, request: BarRequest): Promise<SeveralPage> {
  const ranges = rangesOf(request);
  const found: SymbolBars[] = [];
  let nothing: AnyBars = Bars.NONE;
  const page = (cursor?: Cursor): SeveralPage => {
    const [first = { range: request.range, bars: nothing }, ...others] = found;
    return { found: [first, ...others], cursor };
  };
  let [place, room, ticks] = [0, request.range.limit, 0];
  while (place < ranges.length) {
    const together = nextTogether(ranges.slice(place), room, sources.reader.nowUs());
    const limit = room;
    const read = await Promise.all(
      together.map(async (range) => ({
        range,
        ...(await pagesOf(sources, request.fill).first({ ...range, limit })),
      })),
    );
    for (const { range, bars, nextUs } of read) {
      // More than was thought: it is read once more, by itself.
      if (countOf(bars) > room) break;
      if (countOf(bars) > 0) found.push({ range, bars });
      else nothing = bars;
      room -= countOf(bars);
      if (nextUs !== undefined) return page({ place, fromUs: nextUs });
      place += 1;
      if (isOfTicks(range.interval)) ticks += ticksIn(bars);
      if (ticks >= TICKS_PER_PAGE_MAX && place < ranges.length) return page({ place, fromUs: undefined });
    }
  }
  return page();
}

/** The page that goes on names the symbols that are left. */
function linkOf(req: IncomingMessage, request: BarRequest, cursor: Cursor | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const left = rangesOf(request).slice(cursor.place);
  const start = cursor.fromUs === undefined ? undefined : formatBucket(cursor.fromUs);
  const isLast = left.length === 1;
  return pageLink(req, "next", {
    symbol: left.map(({ symbol }) => symbol).join(","),
    ...(isLast && start !== undefined ? { start } : {}),
    first_start: isLast ? undefined : start,
    end: formatTime(request.range.toUs),
  });
}

/** Reads a page of several symbols, all of it under one snapshot: by symbol, and then by bucket. */
export async function readSeveral(sources: BarSources, req: IncomingMessage, request: BarRequest): Promise<MadeAnswer> {
  const { range, form, output } = request;
  // Before the read: a bar that completes meanwhile is still called running, never the other way round.
  const context = contextOf(sources, range, request);
  const startedMs = performance.now();
  const bounds = rangesOf(request).map((each) => rowsBound(each, sources.reader.nowUs()));
  const isLong = isOfTicks(range.interval) || bounds.reduce((sum, rows) => sum + rows) > range.limit;
  const { found, cursor } = await sources.pages.underOneSnapshot(
    (pages, reader) => readInOrder({ ...sources, pages, reader }, request),
    isLong,
  );
  const rows = found.reduce((sum, { bars }) => sum + countOf(bars), 0);
  noteRows(sources, range.interval, startedMs, rows);
  const head = { contentType: CONTENT_TYPES[output.format], link: linkOf(req, request, cursor) };
  const contextFor = ({ symbol }: BarRange) => ({ ...context, symbol });
  if (isKeptText(request) && output.format !== "columns") {
    const bodies = found.flatMap(({ range: of, bars }) =>
      bars instanceof Bars ? [new BarsBody(bars, form, contextFor(of))] : [],
    );
    const toMake = bodies.reduce((sum, body) => sum + body.rowsToMake, 0);
    return { rows: toMake, make: () => textAnswer({ body: joined(bodies), ...head }) };
  }
  const [first, ...others] = found;
  const tableFor = ({ range: of, bars }: SymbolBars) => barsTable(bars, request, contextFor(of));
  const make = await bodyMaker([tableFor(first), ...others.map(tableFor)], output);
  return { rows: rowsToMake(rows, output), make: () => textAnswer({ body: make(), ...head }) };
}

/** The texts of some bars as one answer. Only those of a single symbol may be without any. */
function joined(bodies: readonly BarsBody[]): Buffer {
  const texts = bodies.map((body, place) => body.rowsAfter(place > 0, place > 0));
  return Buffer.concat([...texts, Buffer.from(bodies[0]?.closing ?? "")]);
}
