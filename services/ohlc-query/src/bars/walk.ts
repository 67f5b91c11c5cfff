import type { Micros } from "@fx-ohlc/schemas";
import { placeOf } from "./bar-columns.js";
import type { BarPart } from "./bars.js";
import type { Chunk } from "./chunk.js";
import { History } from "./history.js";
import type { Mark } from "./marks.js";
import type { Series } from "./series.js";

/**
 * Chunks that one answer is made of at most: those of 10,000 minutes are ten. Of a symbol with a bar now and then they would be
 * thousands, nearly all of them empty, and to ask for their versions costs more than to read the bars.
 */
export const CHUNKS_MAX = 100;
/** So many chunks back from the end of what is closed the newest one is looked for: at the start of a day there is none of it. */
const NEWEST_WITHIN = 2;

/** Where chunks are looked for: those of a history, as far as a mark says that they are closed. */
export interface View {
  readonly history: History;
  readonly mark: Mark | undefined;
}

/** Which bars of a series to look for: those that start within [fromUs, toUs), `rowsMax` of them. */
export interface Wanted {
  readonly series: Series;
  readonly fromUs: Micros;
  readonly toUs: Micros;
  readonly rowsMax: number;
}

/** What chunks hold of the bars that are wanted, from one end of them on. */
export interface Walked {
  readonly parts: readonly BarPart[];
  readonly rows: number;
  /** Up to here, or back to here, the parts hold all bars. */
  readonly atUs: Micros;
}

/** A chunk's bars that start within [fromUs, toUs). */
function within(chunk: Chunk, fromUs: Micros, toUs: Micros): BarPart {
  return chunk.part(placeOf(chunk.bars, fromUs), placeOf(chunk.bars, toUs));
}

/** The first bars, as far as chunks hold them without a gap. */
export function walkFirst({ history, mark }: View, { series, fromUs, toUs, rowsMax }: Wanted): Walked {
  const closedTo = Math.min(toUs, History.closedTo(series, mark));
  const parts: BarPart[] = [];
  let [rows, atUs] = [0, fromUs];
  while (atUs < closedTo && rows < rowsMax && parts.length < CHUNKS_MAX) {
    const chunk = history.chunkAt(series, series.spanAt(atUs));
    const endUs = Math.min(chunk?.facts.toUs ?? atUs, closedTo);
    if (chunk === undefined || chunk.facts.fromUs > atUs || endUs <= atUs) break;
    const { from, to, ...part } = within(chunk, atUs, endUs);
    const cut = Math.min(to, from + rowsMax - rows);
    parts.push({ ...part, from, to: cut });
    rows += cut - from;
    atUs = endUs;
  }
  return { parts, rows, atUs };
}

/** The last bars before `toUs`, which is closed, as far as chunks hold them without a gap. */
export function walkLast({ history }: View, { series, fromUs, toUs, rowsMax }: Wanted): Walked {
  const parts: BarPart[] = [];
  let [rows, atUs] = [0, toUs];
  while (atUs > fromUs && rows < rowsMax && parts.length < CHUNKS_MAX) {
    const chunk = history.chunkAt(series, series.spanAt(atUs - 1));
    if (chunk === undefined || chunk.facts.toUs < atUs || chunk.facts.fromUs >= atUs) break;
    const startUs = Math.max(chunk.facts.fromUs, fromUs);
    const { from, to, ...part } = within(chunk, startUs, atUs);
    const cut = Math.max(from, to - (rowsMax - rows));
    parts.unshift({ ...part, from: cut, to });
    rows += to - cut;
    atUs = startUs;
  }
  return { parts, rows, atUs };
}

/** Where what chunks hold of the newest bars before `toUs` ends; undefined when they hold nothing near. */
export function newestHeld({ history, mark }: View, series: Series, toUs: Micros): Micros | undefined {
  const closedTo = Math.min(toUs, History.closedTo(series, mark));
  if (!Number.isFinite(closedTo)) return undefined;
  let span = series.spanAt(closedTo - 1);
  for (let back = 0; back < NEWEST_WITHIN; back += 1) {
    const held = history.chunkAt(series, span)?.facts;
    if (held !== undefined) return back === 0 || held.toUs === span.toUs ? Math.min(held.toUs, closedTo) : undefined;
    span = series.spanAt(span.fromUs - 1);
  }
  return undefined;
}
