import type { IncomingMessage } from "node:http";
import {
  formatTime,
  type GapsQuery,
  LIMIT_DEFAULT,
  type Micros,
  type QualityQuery,
  type TimeRange,
  US_PER_DAY,
  US_PER_SECOND,
} from "@fx-ohlc/schemas";
import { invalid, pageLink } from "@fx-ohlc/service-kit";
import { bodyMaker } from "../formats/table-body.js";
import { minuteAfter, minuteBefore } from "../quality/gaps.js";
import { readGaps, readQuality } from "../quality/quality.js";
import { gapTable, qualityTable } from "../quality/quality-tables.js";
import { type Answer, textAnswer } from "./answer.js";
import type { BarSources } from "./bar-answer.js";
import { CONTENT_TYPES } from "./media-type.js";
import { outputOf } from "./output.js";
import { clampInstant } from "./ranges.js";

const SYMBOLS_MAX = 100;
/** Days, times symbols: some 6 million bars of a minute, which take two seconds. */
const DAYS_MAX = 4000;
/** The same where ticks are read: of a busy symbol a day has some 100,000. */
const DAYS_OF_TICKS_MAX = 100;
/** Every empty minute is a gap. */
const MIN_GAP_S = 60;

/** The whole minutes that start within [start, end), and have ended. */
function minutesOf({ start, end }: { readonly start: Micros; readonly end?: Micros }, nowUs: Micros): TimeRange {
  const fromUs = minuteAfter(clampInstant(start));
  // A minute that starts before the end counts to its own end.
  const endUs = end === undefined ? nowUs : clampInstant(end);
  return { fromUs, toUs: Math.max(fromUs, Math.min(minuteAfter(endUs), minuteBefore(nowUs))) };
}

function requireBounded({ fromUs, toUs }: TimeRange, symbols: number, daysMax: number): void {
  const days = Math.ceil((symbols * (toUs - fromUs)) / US_PER_DAY);
  if (days <= daysMax) return;
  const message = `asks for ${days} days of symbols, where ${daysMax} are allowed: ask for fewer symbols at a time, or a later start`;
  throw invalid([{ field: "start", message }]);
}

/** `GET /quality`. */
export async function getQuality(sources: BarSources, req: IncomingMessage, query: QualityQuery): Promise<Answer> {
  const { reader, caller } = sources;
  const { symbol: symbols, min_gap_s: minGapS = MIN_GAP_S, outliers = false } = query;
  if (symbols.length > SYMBOLS_MAX) {
    throw invalid([{ field: "symbol", message: `must name at most ${SYMBOLS_MAX} symbols` }]);
  }
  const output = outputOf(req, query);
  const contentType = CONTENT_TYPES[output.format];
  const range = minutesOf(query, reader.nowUs());
  requireBounded(range, symbols.length, outliers ? DAYS_OF_TICKS_MAX : DAYS_MAX);
  const ranges = symbols.map((symbol) => ({ symbol, ...range, minGapUs: minGapS * US_PER_SECOND }));
  const read = async () => {
    const rows = await readQuality(sources, ranges, outliers);
    caller.quota?.spend("rows_per_second", rows.length);
    const body = await bodyMaker([qualityTable(rows, outliers)], output);
    return { rows: rows.length, make: () => textAnswer({ body: body(), contentType }) };
  };
  return { rowsMax: symbols.length, read };
}

/** `GET /quality/gaps`. */
export async function getGaps(sources: BarSources, req: IncomingMessage, query: GapsQuery): Promise<Answer> {
  const { reader, caller } = sources;
  const { symbol, min_gap_s: minGapS = MIN_GAP_S, closed: withClosed = false, limit = LIMIT_DEFAULT } = query;
  const output = outputOf(req, query);
  const contentType = CONTENT_TYPES[output.format];
  const minutes = minutesOf(query, reader.nowUs());
  requireBounded(minutes, 1, DAYS_MAX);
  const range = { symbol, ...minutes, minGapUs: minGapS * US_PER_SECOND };
  const read = async () => {
    // One more than is answered shows whether there is another page.
    const gaps = await readGaps(sources, range, { withClosed, rowsMax: limit + 1 });
    const page = gaps.slice(0, limit);
    caller.quota?.spend("rows_per_second", page.length);
    const next = gaps.length > limit ? page.at(-1) : undefined;
    const link =
      next === undefined
        ? undefined
        : pageLink(req, "next", { start: formatTime(next.toUs), end: formatTime(minutes.toUs) });
    const body = await bodyMaker([gapTable(symbol, page)], output);
    return { rows: page.length, make: () => textAnswer({ body: body(), contentType, link }) };
  };
  return { rowsMax: limit, read };
}
