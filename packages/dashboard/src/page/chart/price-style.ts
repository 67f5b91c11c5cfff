import {
  AreaSeries,
  type IChartApiBase,
  type ISeriesApi,
  LineSeries,
  type Time,
  type UTCTimestamp,
} from "lightweight-charts";
import { type ChartBar, indexOfTime } from "../bars/chart-bar.js";
import { allHeikinAshi, heikinAshi } from "../studies/heikin-ashi.js";
import type { ChartStyle } from "../view.js";
import type { ChartColors } from "./colors.js";

type Closes = ISeriesApi<"Line", Time> | ISeriesApi<"Area", Time>;

/** How bars look: as candles, as those of Heikin-Ashi, or as a line or an area of their closes. */
export class PriceStyle {
  #style: ChartStyle = "candles";
  #closes: Closes | undefined;
  /** What is drawn in place of the bars, while that is another thing. */
  #heikin: readonly ChartBar[] = [];

  constructor(
    private readonly chart: IChartApiBase<Time>,
    private readonly candles: ISeriesApi<"Candlestick", Time>,
  ) {}

  /** What a price is told by: the candles, while they are shown. */
  get shown(): Closes | ISeriesApi<"Candlestick", Time> {
    return this.#closes ?? this.candles;
  }

  /** Whether each bar is drawn by those before it: one that is not the newest changes all that follow. */
  get isDerived(): boolean {
    return this.#style === "heikin";
  }

  /** @returns whether that is another one: bars are to be set again then */
  set(style: ChartStyle, colors: ChartColors): boolean {
    if (style === this.#style) return false;
    this.#style = style;
    if (this.#closes !== undefined) this.chart.removeSeries(this.#closes);
    this.#closes = this.#seriesOf(style, colors);
    // Hidden candles keep their times, which the axis is made of.
    this.candles.applyOptions({ visible: this.#closes === undefined });
    return true;
  }

  /** @returns the bars as candles */
  setBars(bars: readonly ChartBar[]): readonly ChartBar[] {
    this.#closes?.setData(bars.map(closeOf));
    this.#heikin = this.#style === "heikin" ? allHeikinAshi(bars) : [];
    return this.#style === "heikin" ? this.#heikin : bars;
  }

  /** @returns the bar as a candle */
  update(bar: ChartBar, isLast: boolean): ChartBar {
    this.#closes?.update(closeOf(bar), !isLast);
    if (this.#style !== "heikin") return bar;
    const at = indexOfTime(this.#heikin, bar.time);
    const drawn = heikinAshi(bar, this.#heikin[at - 1]);
    this.#heikin = [...this.#heikin.slice(0, at), drawn];
    return drawn;
  }

  readTheme(colors: ChartColors): void {
    if (this.#style === "area") this.#closes?.applyOptions(areaColors(colors));
    else this.#closes?.applyOptions({ color: colors.line });
  }

  #seriesOf(style: ChartStyle, colors: ChartColors): Closes | undefined {
    const { priceFormat } = this.candles.options();
    if (style === "line") return this.chart.addSeries(LineSeries, { color: colors.line, lineWidth: 2, priceFormat });
    if (style === "area") return this.chart.addSeries(AreaSeries, { ...areaColors(colors), lineWidth: 2, priceFormat });
    return undefined;
  }
}

function areaColors({ line }: ChartColors) {
  return { lineColor: line, topColor: `${line}55`, bottomColor: `${line}08` };
}

function closeOf({ time, close }: ChartBar) {
  const at = time as UTCTimestamp; // The library's brand of a number of seconds.
  return Number.isNaN(close) ? { time: at } : { time: at, value: close };
}
