import type { BarFeed } from "../bars/bar-feed.js";
import { indexOfTime, type Seconds } from "../bars/chart-bar.js";
import { byId, setText } from "../view/dom.js";
import type { LegendView } from "./legend-view.js";
import type { PriceChart } from "./price-chart.js";
import type { Shown } from "./shown.js";
import type { TickLine } from "./tick-line.js";

/** Until a price is known. */
const DECIMALS = 5;

/** The parts that it reads from. */
export interface CursorParts {
  readonly shown: Shown;
  readonly chart: PriceChart;
  readonly legend: LegendView;
  readonly feed: BarFeed;
  readonly line: TickLine;
}

/** The bar or tick that is read: that under the crosshair, else the newest. The legend tells it, and those who step hear it. */
export class Cursor {
  readonly #announcer = byId("announcer");
  #time: Seconds | undefined;
  decimals: number | undefined;

  constructor(private readonly parts: CursorParts) {}

  at(time: Seconds | undefined): void {
    this.#time = time;
    this.show();
  }

  /** Forgets the crosshair's place; what is shown next tells the legend anew. */
  forget(): void {
    this.#time = undefined;
  }

  clear(): void {
    this.parts.chart.clearCrosshair();
    this.at(undefined);
  }

  show(): void {
    const { shown, legend, feed, line } = this.parts;
    const decimals = this.decimals ?? DECIMALS;
    if (shown.view === undefined) return;
    if (shown.areTicks) legend.showTick(line.tickAt(this.#time), decimals, shown.view.zone);
    else {
      const bar = this.#time === undefined ? feed.bars.at(-1) : feed.bars[indexOfTime(feed.bars, this.#time)];
      legend.showBar(bar, decimals, shown.view);
    }
  }

  step(by: number): void {
    const { shown, chart, legend, feed, line } = this.parts;
    const points = shown.areTicks ? line.points : feed.bars;
    const from = points.findIndex(({ time }) => time === this.#time);
    const point = points[Math.min(points.length - 1, Math.max(0, (from < 0 ? points.length : from) + by))];
    if (point === undefined) return;
    const price = "value" in point ? point.value : point.close;
    // A bar without quotes is nowhere in a chart of their sides.
    if (!Number.isNaN(price)) chart.setCrosshair(point.time, price);
    this.at(point.time);
    // What the crosshair of a mouse passes over would be told without an end.
    setText(this.#announcer, legend.text);
  }
}
