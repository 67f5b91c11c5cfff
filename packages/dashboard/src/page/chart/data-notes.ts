import { isOfDays } from "@fx-ohlc/schemas/interval";
import type { BarFeed, FeedState } from "../bars/bar-feed.js";
import { type Break, breaksOf, type Gap, lastOutage, outageText } from "../bars/breaks.js";
import { bucketEndOf, dayOf } from "../bars/buckets.js";
import type { Seconds } from "../bars/chart-bar.js";
import { NoteFeed } from "../bars/note-feed.js";
import { NO_NOTES, type NoteSource, type Notes } from "../bars/note-source.js";
import { correctedBars, correctedDays } from "./corrected-bars.js";
import type { LegendView } from "./legend-view.js";
import type { PriceChart } from "./price-chart.js";
import type { Shown } from "./shown.js";
import { isSameSeries } from "./shown-series.js";

/** Silence of a symbol of which nobody said when it means something, s. */
const QUIET_AFTER_S = 300;
/** How often an outage that lasts grows on the screen, s. */
const TAIL_REREAD_S = 30;

/** The parts that it writes on. */
export interface NoteParts {
  readonly shown: Shown;
  readonly chart: PriceChart;
  readonly legend: LegendView;
  readonly feed: BarFeed;
}

/** What is wrong with the bars: outages as breaks, days with what was corrected of them, and the last outage in words. */
export class DataNotes {
  readonly #feed: NoteFeed;
  #notes: Notes = NO_NOTES;
  #quietAfterS = QUIET_AFTER_S;
  #tailReadAtS = 0;
  #older: FeedState["older"] = "more";

  /** @param onBreaks the breaks between bars are others: bars are to be drawn again */
  constructor(
    private readonly parts: NoteParts,
    source: NoteSource,
    private readonly onBreaks: () => void,
  ) {
    this.#feed = new NoteFeed(source, (notes, isKnown) => this.#onNotes(notes, isKnown));
  }

  get breaks(): readonly Break[] {
    const { shown, feed } = this.parts;
    return shown.series === undefined ? [] : breaksOf(feed.bars, this.#notes.gaps, shown.series);
  }

  /** Another series is shown from now on. */
  forget(): void {
    this.#feed.forget();
  }

  /** Something changed of bars from a time on. */
  refresh(from?: Seconds): void {
    this.#feed.refresh(from);
  }

  /** What is in sight, and a screen before it, is looked at: somebody who scrolls back finds it there. */
  onSight(): void {
    const { shown, chart, feed } = this.parts;
    const [first, last] = [feed.bars[0], feed.bars.at(-1)];
    // Bars of the series before are there until the first ones of this are asked for.
    if (shown.view === undefined || !isSameSeries(shown.view, feed.series)) return;
    if (shown.series === undefined || first === undefined || last === undefined) return;
    const { from, to } = chart.sight ?? { from: last.time, to: last.time };
    // A day that began before the first bar may have been corrected there.
    const start = dayOf(Math.max(first.time, from - (to - from)), shown.series.boundary);
    this.#feed.show(shown.series, start, this.#quietAfterS);
  }

  /** @param older whether there are bars before the first one */
  showOutage(older = this.#older): void {
    this.#older = older;
    const outage = this.#lastOutage;
    const zone = this.parts.shown.view?.zone ?? "utc";
    this.parts.legend.showOutage(outage.length === 0 ? "" : outageText(outage, Date.now() / 1_000, zone));
  }

  toOutage(): void {
    const [start] = this.#lastOutage;
    if (start !== undefined) this.parts.chart.showTime(start.from);
  }

  showDays(): void {
    const { shown, chart, feed } = this.parts;
    const { series } = shown;
    if (series === undefined) return;
    const { corrected } = this.#notes;
    const areBars = isOfDays(series.interval);
    const days = areBars ? correctedBars(corrected, series) : correctedDays(corrected, series, feed.bars);
    chart.setDays(days, areBars);
  }

  /** To be called every second: an outage that lasts grows. @param quietAfterS as it is known of the symbol by now */
  onSecond(nowS: Seconds, quietAfterS = QUIET_AFTER_S): void {
    const { shown, feed } = this.parts;
    const last = feed.bars.at(-1);
    if (quietAfterS !== this.#quietAfterS) {
      this.#quietAfterS = quietAfterS;
      this.onSight();
    }
    if (last === undefined || shown.series === undefined || nowS - this.#tailReadAtS < TAIL_REREAD_S) return;
    if (bucketEndOf(last.time, shown.series) + quietAfterS > nowS) return;
    this.#tailReadAtS = nowS;
    this.#feed.refresh(last.time);
  }

  /** Also one that is not in sight, or within a bar; before its first tick nothing of a symbol is missing. */
  get #lastOutage(): readonly Gap[] {
    const first = this.#older === "end" ? this.parts.feed.bars[0]?.time : undefined;
    return lastOutage(this.#notes.gaps.filter(({ from }) => first === undefined || from >= first));
  }

  #onNotes(notes: Notes, isKnown: boolean): void {
    const { shown, legend } = this.parts;
    this.#notes = notes;
    legend.showNote("gaps", isKnown ? "" : "Gaps and corrections could not be read");
    this.showOutage();
    if (!shown.areBars) return;
    this.onBreaks();
    this.showDays();
  }
}
