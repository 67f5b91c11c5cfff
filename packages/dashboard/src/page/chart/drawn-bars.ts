import type { BarFeed } from "../bars/bar-feed.js";
import { bucketEndOf } from "../bars/buckets.js";
import type { ChartBar, Seconds } from "../bars/chart-bar.js";
import type { ComparedLine } from "./compared-line.js";
import type { DataNotes } from "./data-notes.js";
import type { PriceChart } from "./price-chart.js";
import type { Shown } from "./shown.js";

/** The parts that bars are drawn with. */
export interface BarParts {
  readonly shown: Shown;
  readonly chart: PriceChart;
  readonly feed: BarFeed;
  readonly notes: DataNotes;
  readonly compared: ComparedLine;
}

/** Draws bars as they come, the breaks between them, and those that are compared with. */
export class DrawnBars {
  /** The newest that is drawn. */
  #lastTime: Seconds = 0;

  constructor(private readonly parts: BarParts) {}

  /** All of them anew. */
  draw(): void {
    const { chart, feed, notes } = this.parts;
    this.#lastTime = feed.bars.at(-1)?.time ?? 0;
    chart.setBars(feed.bars, notes.breaks);
  }

  onBars(bars: readonly ChartBar[]): void {
    const { shown, notes, compared } = this.parts;
    this.draw();
    const { series } = shown;
    const symbol = shown.view?.compared;
    compared.show(symbol === undefined || series === undefined ? undefined : { ...series, symbol }, bars);
    notes.onSight();
    notes.showDays();
  }

  onBar(bar: ChartBar, isLast: boolean): void {
    const { chart, notes } = this.parts;
    const before = this.#lastTime;
    const isNew = isLast && bar.time > before;
    // Bars are missing before it: they are a break now, or soon, once it is known why.
    if (isNew && (chart.endsEmpty || this.#isAfterHole)) {
      this.draw();
      notes.refresh(before);
    } else if (!isLast && chart.isDerived) this.draw();
    else chart.updateBar(bar, isLast);
    this.#lastTime = Math.max(this.#lastTime, bar.time);
    if (isNew) notes.showDays();
  }

  get #isAfterHole(): boolean {
    const { shown, feed } = this.parts;
    const [before, last] = feed.bars.slice(-2);
    if (shown.series === undefined || before === undefined || last === undefined) return false;
    return bucketEndOf(before.time, shown.series) < last.time;
  }
}
