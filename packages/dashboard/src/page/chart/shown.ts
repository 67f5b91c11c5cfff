import type { BarSeries } from "../bars/buckets.js";
import type { View } from "../view.js";

export type ShownView = View & { readonly symbol: string };

/** What the chart's pane shows: the same for all its parts. */
export class Shown {
  /** Undefined until a symbol is known. */
  view: ShownView | undefined;

  get areTicks(): boolean {
    return this.view?.mode === "ticks";
  }

  get areBars(): boolean {
    return this.view?.mode === "candles";
  }

  /** The bars of the view, also beneath a line of ticks. */
  get series(): BarSeries | undefined {
    if (this.view === undefined) return undefined;
    const { symbol, interval, boundary, side } = this.view;
    return { symbol, interval, boundary, side };
  }
}
