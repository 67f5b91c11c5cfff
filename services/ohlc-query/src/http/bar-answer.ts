import type { IncomingMessage } from "node:http";
import type { MarketSessions } from "@fx-ohlc/schemas";
import { type Caller, entityTag } from "@fx-ohlc/service-kit";
import type { Moment } from "../as-of/moment.js";
import type { BarPages } from "../bars/bar-page.js";
import { Bars } from "../bars/bars.js";
import { BarsBody } from "../formats/bars-body.js";
import { bodyMaker, bodyPieces, type Output, rowsToMake } from "../formats/table-body.js";
import type { Piece } from "../formats/table-text.js";
import type { QueryMetrics } from "../metrics.js";
import type { Reader } from "../reader.js";
import { type Answer, type MadeAnswer, type TaggedAnswer, textAnswer } from "./answer.js";
import {
  allPages,
  allTables,
  barsTable,
  contextOf,
  countOf,
  isKeptText,
  noteRows,
  pagesOf,
  readPage,
} from "./bar-pages.js";
import type { BarRequest } from "./bar-request.js";
import { isMostlyWhole, keptParts } from "./kept-parts.js";
import { CONTENT_TYPES } from "./media-type.js";
import { readSeveral } from "./several-symbols.js";

/** What one request is answered from. */
export interface BarSources {
  readonly reader: Reader;
  readonly pages: BarPages;
  /** The same as they were known at a moment. */
  readonly pagesAsOf: (moment: Moment) => BarPages;
  /** Which moment it is, where all is answered as of one. */
  readonly moment: Moment | undefined;
  readonly sessions: MarketSessions;
  readonly metrics: QueryMetrics;
  readonly caller: Caller;
}

/** The text of whole ranges, page by page. */
async function* allBodies(sources: BarSources, request: BarRequest): AsyncGenerator<Piece> {
  let closing: string | undefined;
  let hasRows = false;
  for await (const { bars, context } of allPages(sources, sources.pages, request)) {
    const body = new BarsBody(bars, request.form, context);
    const before = { isOpen: closing !== undefined, hasRows };
    yield { rows: bars.count, make: () => body.rowsAfter(before.isOpen, before.hasRows) };
    closing = body.closing;
    hasRows ||= bars.count > 0;
  }
  const end = closing ?? "";
  if (end !== "") yield { rows: 0, make: () => end };
}

/** An answer of bars, many of which may lie in memory as they are sent. */
function bodyAnswer(body: BarsBody, head: Pick<TaggedAnswer, "contentType" | "link">): TaggedAnswer {
  const { pieces, length, tag, onlyChunk } = body;
  if (isMostlyWhole(pieces)) return { tag, length, ...head, isKept: true, parts: () => keptParts(pieces) };
  return { tag, length, ...head, parts: () => pieces, encodedBodies: onlyChunk?.encodedBodies };
}

/** Answers a request for bars. */
export async function answerBars(sources: BarSources, req: IncomingMessage, request: BarRequest): Promise<Answer> {
  const { range, form, take, output } = request;
  const contentType = CONTENT_TYPES[output.format];
  const isKept = isKeptText(request);
  if (take === "all" && output.format !== "columns") {
    if (isKept) return { pieces: allBodies(sources, request), contentType };
    return { pieces: bodyPieces(allTables(sources, request), output.format, output.zone), contentType };
  }
  if (request.later.length > 0) return { rowsMax: range.limit, read: () => readSeveral(sources, req, request) };
  if (!isKept) return { rowsMax: range.limit, read: () => readTable(sources, req, request) };
  // Before the read: a bar that completes meanwhile is still called running, never the other way round.
  const context = contextOf(sources, range, request);
  const startedMs = performance.now();
  const { bars, link } = await readPage<Bars>(sources.pages, req, request);
  noteRows(sources, range.interval, startedMs, bars.count);
  const body = new BarsBody(bars, form, context);
  return { rows: body.rowsToMake, make: () => bodyAnswer(body, { contentType, link }) };
}

/** Reads a page of bars that is written anew each time: a file, or with the empty buckets filled, or in a zone. */
async function readTable(sources: BarSources, req: IncomingMessage, request: BarRequest): Promise<MadeAnswer> {
  const { range, form, fill, output } = request;
  const context = contextOf(sources, range, request);
  const startedMs = performance.now();
  const { bars, link } = await readPage(pagesOf(sources, fill), req, request);
  noteRows(sources, range.interval, startedMs, countOf(bars));
  const tag = bars instanceof Bars ? tagOf(new BarsBody(bars, form, context), output) : undefined;
  const make = await bodyMaker([barsTable(bars, request, context)], output);
  const contentType = CONTENT_TYPES[output.format];
  const rows = rowsToMake(countOf(bars), output);
  return { rows, make: () => textAnswer({ body: make(), contentType, link, tag }) };
}

/** A strong validator of the same bars written in another way: cheaper than one of all bytes. */
function tagOf(body: BarsBody, { format, zone }: Output): string {
  return entityTag(Buffer.from(`${body.tag} ${format} ${zone}`));
}
