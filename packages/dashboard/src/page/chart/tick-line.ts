import type { Seconds } from "../bars/chart-bar.js";
import type { ReadState } from "../bars/read-state.js";
import type { PageTick } from "../ticks/tick.js";
import type { PriceChart } from "./price-chart.js";
import { type TickPoint, tickPoints } from "./tick-points.js";

/** The ticks of the symbol as a line: each at a second of its own. */
export class TickLine {
  #ticks: readonly PageTick[] = [];
  #points: TickPoint[] = [];
  /** How their reading is getting on. */
  state: ReadState = { status: "loading" };

  constructor(private readonly chart: PriceChart) {}

  get isEmpty(): boolean {
    return this.#ticks.length === 0;
  }

  get points(): readonly TickPoint[] {
    return this.#points;
  }

  /** The tick at a time of the line, the newest one without. */
  tickAt(time: Seconds | undefined): PageTick | undefined {
    const last = this.#points.length - 1;
    return this.#ticks[time === undefined ? last : this.#points.findIndex((point) => point.time === time)];
  }

  /** @param isShown while the line is not, it is drawn when it comes */
  take(ticks: readonly PageTick[], onlyAdded: boolean, isShown: boolean): void {
    const added = onlyAdded ? ticks.slice(this.#ticks.length) : [];
    this.#ticks = ticks;
    if (!isShown) return;
    if (!onlyAdded || this.#points.length === 0) {
      this.draw();
      return;
    }
    const points = tickPoints(added, this.#points.at(-1)?.time);
    this.#points.push(...points);
    this.chart.addTicks(points);
  }

  draw(): void {
    this.#points = [...tickPoints(this.#ticks)];
    this.chart.setTicks(this.#points);
  }
}
