import { type IChartApiBase, type ISeriesApi, LineSeries, type Time, type UTCTimestamp } from "lightweight-charts";
import { BarFeed, type LiveBar } from "../bars/bar-feed.js";
import type { BarSource } from "../bars/bar-source.js";
import type { BarSeries } from "../bars/buckets.js";
import type { ChartBar, Seconds } from "../bars/chart-bar.js";
import type { ReadState } from "../bars/read-state.js";

/** A second symbol over the bars of the first, which the scale then tells in per cent. */
export class ComparedLine {
  readonly #feed: BarFeed;
  #series: BarSeries | undefined;
  #line: ISeriesApi<"Line", Time> | undefined;
  /** Where the first symbol has bars: the axis is made of no others. */
  #times: ReadonlySet<Seconds> = new Set();
  #from: Seconds = Number.POSITIVE_INFINITY;

  constructor(
    private readonly chart: IChartApiBase<Time>,
    source: BarSource,
    /** Why it is not drawn; empty while it is, and while nobody wants it. */
    private readonly onText: (text: string) => void,
  ) {
    const draw = () => this.#draw();
    this.#feed = new BarFeed(source, { onBars: draw, onBar: draw, onState: (state) => this.#onState(state) });
  }

  #onState({ status, error }: ReadState): void {
    const symbol = this.#series?.symbol;
    if (symbol === undefined || status === "loading") this.onText("");
    else if (status === "ready") this.onText(this.#feed.bars.length > 0 ? "" : `No bars of ${symbol} to compare with`);
    else this.onText(`${symbol} cannot be compared with: ${error ?? ""}`);
  }

  /** @param bars of the first symbol; nothing is compared with an undefined series */
  show(series: BarSeries | undefined, bars: readonly ChartBar[]): void {
    this.#times = new Set(bars.map(({ time }) => time));
    const [first] = bars;
    if (series === undefined || first === undefined) {
      this.#close(series === undefined);
      return;
    }
    const isOther = JSON.stringify(series) !== JSON.stringify(this.#series);
    this.#line ??= this.chart.addSeries(LineSeries, { lineWidth: 2, priceLineVisible: false });
    this.#line.applyOptions({ title: series.symbol, color: color() });
    if (!isOther && first.time >= this.#from) {
      this.#draw();
      return;
    }
    this.#series = series;
    this.#from = first.time;
    void this.#feed.open(series, first.time);
  }

  onLive(live: LiveBar): void {
    this.#times = new Set([...this.#times, live.bar.time]);
    this.#feed.onLive(live);
  }

  readTheme(): void {
    this.#line?.applyOptions({ color: color() });
  }

  #close(isForGood: boolean): void {
    this.#line?.setData([]);
    if (!isForGood || this.#line === undefined) return;
    this.#feed.close();
    this.chart.removeSeries(this.#line);
    this.#line = undefined;
    this.#series = undefined;
    this.onText("");
  }

  #draw(): void {
    const bars = this.#feed.bars.filter(({ time, close }) => this.#times.has(time) && !Number.isNaN(close));
    this.#line?.setData(bars.map(({ time, close }) => ({ time: time as UTCTimestamp, value: close }))); // The library's brand.
  }
}

function color(): string {
  return getComputedStyle(document.documentElement).getPropertyValue("--study-4").trim();
}
