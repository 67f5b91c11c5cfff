import type { BarFeed } from "../bars/bar-feed.js";
import type { BarSeries } from "../bars/buckets.js";
import type { Seconds } from "../bars/chart-bar.js";
import { barDateText } from "../format/bar-date.js";
import { byId } from "../view/dom.js";
import type { TimeRange } from "../view.js";
import type { LegendView } from "./legend-view.js";
import type { PriceChart } from "./price-chart.js";
import type { Shown } from "./shown.js";
import { earliestOf } from "./shown-series.js";

/** Somebody who scrolls has come to rest. */
const RESTS_MS = 400;

/** The parts that it moves. */
export interface SightParts {
  readonly shown: Shown;
  readonly chart: PriceChart;
  readonly legend: LegendView;
  readonly feed: BarFeed;
}

/** Which bars are in sight: those that the view names, or the newest. */
export class Sight {
  readonly #toLive = byId("to-live");
  #restTimer: ReturnType<typeof setTimeout> | undefined;
  #reachText = "";

  constructor(
    private readonly parts: SightParts,
    /** What is in sight is another range, undefined while that ends with the newest bar. */
    private readonly onRange: (range: TimeRange | undefined) => void,
  ) {}

  /** Opens the bars of the view, with its range in sight. */
  async reopen(): Promise<void> {
    const { shown, chart, feed } = this.parts;
    const { series } = shown;
    if (series === undefined) return;
    await feed.open(series, this.#reachable(series));
    if (!shown.areBars) return;
    if (shown.view?.range === undefined) chart.showNewest();
    else this.#show(shown.view.range);
  }

  /** Brings the range of the view into sight, the newest bar where it has none. */
  async showRange(): Promise<void> {
    const { shown, chart, feed } = this.parts;
    const range = shown.view?.range;
    this.#tell("");
    if (range === undefined) chart.showNewest();
    else if ((feed.bars[0]?.time ?? Number.POSITIVE_INFINITY) <= range.from) chart.showRange(range);
    else await this.reopen();
  }

  toNewest(): void {
    this.#tell("");
    this.parts.chart.scrollToNewest();
  }

  /** The chart was moved. */
  onMoved(isAway: boolean): void {
    const { shown, chart, feed } = this.parts;
    this.#toLive.hidden = !isAway;
    clearTimeout(this.#restTimer);
    this.#restTimer = setTimeout(() => {
      if (shown.areBars && feed.bars.length > 0) this.onRange(chart.range);
    }, RESTS_MS);
  }

  /** A range before the first bar is one that the chart cannot show: it begins with that, and says so. */
  #show({ from, to }: TimeRange): void {
    const { shown, chart, feed } = this.parts;
    const [first] = feed.bars;
    if (first === undefined || shown.view === undefined || to > first.time) {
      chart.showRange({ from, to });
      return;
    }
    if (this.#reachText === "") this.#tell(`The first bar is of ${barDateText(first, shown.view)}`);
    chart.showRange({ from: first.time, to: first.time + to - from });
  }

  /** Where bars are opened from to show the range of the view. */
  #reachable(series: BarSeries): Seconds | undefined {
    const range = this.parts.shown.view?.range;
    const from = range === undefined ? undefined : Math.max(range.from, earliestOf(series, Date.now() / 1_000));
    const isCut = from !== undefined && range !== undefined && from > range.from;
    this.#tell(isCut ? `Bars of ${series.interval} do not reach so far: choose longer ones` : "");
    return from;
  }

  #tell(text: string): void {
    this.#reachText = text;
    this.parts.legend.showNote("reach", text);
  }
}
