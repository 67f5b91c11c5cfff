import type { FxClient, GapJson, RevisionJson } from "@fx-ohlc/client";
import { dayPartUs, fixedLengthUs } from "@fx-ohlc/schemas/interval";
import { US_PER_DAY, US_PER_SECOND } from "@fx-ohlc/schemas/time";
import type { Gap } from "./breaks.js";
import { type BarSeries, dayOf } from "./buckets.js";
import type { Seconds } from "./chart-bar.js";

/** What is wrong with the data of a chart. */
export interface Notes {
  /** Ascending. */
  readonly gaps: readonly Gap[];
  /** Ticks that were corrected or deleted, by where their FX day begins. */
  readonly corrected: ReadonlyMap<Seconds, number>;
}

export const NO_NOTES: Notes = { gaps: [], corrected: new Map() };

/** From a time on; up to now without an end. */
export interface NoteRange {
  readonly from: Seconds;
  readonly to?: Seconds | undefined;
}

/** Where what is wrong with the data is read. */
export type NoteSource = Pick<HttpNoteSource, keyof HttpNoteSource>;

/** The service tells gaps by minutes, and looks for none that are longer than a week. */
const GAP_MIN_S = 60;
const GAP_MAX_S = 604_800;

/** Gaps and corrections from ohlc-query. */
export class HttpNoteSource {
  constructor(private readonly client: FxClient) {}

  /**
   * The gaps that begin in a range, those that go on past its end included, and what was corrected of the FX days that it begins in
   * or holds. A gap that began before the range is told from the range's start on.
   *
   * @param quietAfterS shorter silences of the symbol say nothing
   */
  async read(series: BarSeries, { from, to }: NoteRange, quietAfterS: number, signal: AbortSignal): Promise<Notes> {
    const { symbol, interval, boundary } = series;
    // A gap within a bar, or that touches two of them, is no place in the chart.
    const barS = (fixedLengthUs(interval) ?? dayPartUs(interval) ?? US_PER_DAY) / US_PER_SECOND;
    const minGapS = Math.min(GAP_MAX_S, Math.max(GAP_MIN_S, quietAfterS, barS));
    // What goes on for less than that past the end is not known as a gap there: it is looked for as a part of one that ends later.
    const end = to === undefined ? undefined : to + minGapS;
    const [gaps, revisions] = await Promise.all([
      all(this.client.gaps({ symbol, start: iso(from), end: iso(end), minGapS, closed: true, signal })),
      all(this.client.revisions({ symbol, start: iso(dayOf(from, boundary)), end: iso(to), signal })),
    ]);
    return { gaps: gaps.map(gapOf), corrected: correctedOf(revisions, series) };
  }
}

function iso(time: Seconds): string;
function iso(time: Seconds | undefined): string | undefined;
function iso(time: Seconds | undefined): string | undefined {
  return time === undefined ? undefined : new Date(time * 1_000).toISOString();
}

async function all<Row>(rows: AsyncIterable<Row>): Promise<Row[]> {
  const taken: Row[] = [];
  for await (const row of rows) taken.push(row);
  return taken;
}

function gapOf({ from, to, reason }: GapJson): Gap {
  return { from: Date.parse(from) / 1_000, to: Date.parse(to) / 1_000, reason };
}

/** Late ticks are none that were shown otherwise before. */
function correctedOf(revisions: readonly RevisionJson[], { boundary }: BarSeries): ReadonlyMap<Seconds, number> {
  const counts = new Map<Seconds, number>();
  for (const { kind, from, ticks } of revisions) {
    if (kind === "late") continue;
    const day = dayOf(Math.floor(Date.parse(from) / 1_000), boundary);
    counts.set(day, (counts.get(day) ?? 0) + (ticks ?? 1));
  }
  return counts;
}
