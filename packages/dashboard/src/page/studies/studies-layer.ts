import {
  HistogramSeries,
  type IChartApiBase,
  type ISeriesApi,
  LineSeries,
  PriceScaleMode,
  type Time,
  type UTCTimestamp,
} from "lightweight-charts";
import type { ChartBar } from "../bars/chart-bar.js";
import { priceText } from "../format/price.js";
import { Study, type StudyValues } from "./study.js";
import { STUDIES, type StudySpec, studiesText, studyTitle } from "./study-spec.js";

type LineApi = ISeriesApi<"Line", Time> | ISeriesApi<"Histogram", Time>;

/** One indicator as it is drawn. */
interface Drawn {
  readonly study: Study;
  readonly series: readonly LineApi[];
}

/** Of the height, what an indicator of its own pane has beside the candles' one. */
const PANE_SHARE = 0.28;
/** The names of the page's variables that lines take their colours from, in turn. */
const COLORS = ["--study-1", "--study-2", "--study-3", "--study-4"] as const;

/** Draws indicators on the candles and beneath them. */
export class StudiesLayer {
  #drawn: readonly Drawn[] = [];
  #shown = "";
  #decimals = 5;

  constructor(private readonly chart: IChartApiBase<Time>) {}

  get isEmpty(): boolean {
    return this.#drawn.length === 0;
  }

  /** @param specs to be drawn from now on; {@link setBars} is to follow when this returns true */
  show(specs: readonly StudySpec[]): boolean {
    const text = studiesText(specs);
    if (text === this.#shown) return false;
    this.#shown = text;
    for (const { series } of this.#drawn) for (const one of series) this.chart.removeSeries(one);
    this.#drawn = specs.map((spec, at) => ({ study: new Study(spec), series: this.#seriesOf(spec, at) }));
    return true;
  }

  /** Averages have one decimal more than prices. */
  setDecimals(decimals: number): void {
    this.#decimals = decimals;
    for (const { study, series } of this.#drawn) {
      for (const one of series) one.applyOptions({ priceFormat: this.#formatOf(study.spec) });
    }
  }

  #formatOf({ kind }: StudySpec) {
    const decimals = kind === "rsi" ? 1 : STUDIES[kind].isOnChart ? this.#decimals : this.#decimals + 1;
    const formatter = (value: number) => priceText(value, decimals).replace("-", "−");
    return { type: "custom", formatter, minMove: 10 ** -decimals } as const;
  }

  setBars(bars: readonly ChartBar[]): void {
    for (const { study, series } of this.#drawn) {
      const values = study.all(bars);
      for (const [line, one] of series.entries()) one.setData(bars.map((bar, at) => point(bar, values[at], line)));
    }
  }

  /** The newest bar changed, or came. */
  update(bar: ChartBar): void {
    for (const { study, series } of this.#drawn) {
      const values = study.next(bar);
      for (const [line, one] of series.entries()) one.update(point(bar, values, line));
    }
  }

  /** The newest value of each, written with one decimal more than prices have. */
  newest(): readonly (string | undefined)[] {
    return this.#drawn.map(({ series: [first] }) => {
      const last = first?.data().at(-1);
      return last !== undefined && "value" in last ? last.value.toFixed(this.#decimals + 1) : undefined;
    });
  }

  /** Takes the colours of the theme. */
  readTheme(): void {
    for (const [at, { series }] of this.#drawn.entries()) {
      for (const [line, one] of series.entries()) one.applyOptions({ color: colorOf(at, line) });
    }
  }

  #seriesOf(spec: StudySpec, at: number): readonly LineApi[] {
    const { isOnChart, lines } = STUDIES[spec.kind];
    const pane = isOnChart ? 0 : this.chart.panes().length;
    const title = studyTitle(spec);
    const series = Array.from({ length: lines }, (_, line) => {
      const looks = { color: colorOf(at, line), priceLineVisible: false, lastValueVisible: line === 0 };
      const priceFormat = this.#formatOf(spec);
      const named = { ...looks, priceFormat, title: line === 0 ? title : "" };
      if (spec.kind === "macd" && line === 2) return this.chart.addSeries(HistogramSeries, named, pane);
      return this.chart.addSeries(LineSeries, { ...named, lineWidth: 1, crosshairMarkerVisible: false }, pane);
    });
    if (isOnChart) return series;
    this.chart.panes()[pane]?.setStretchFactor(PANE_SHARE);
    // The candles' own may be logarithmic, or in per cent.
    series[0]?.priceScale().applyOptions({ mode: PriceScaleMode.Normal });
    return series;
  }
}

function colorOf(at: number, line: number): string {
  const name = COLORS[(at + line) % COLORS.length] ?? COLORS[0];
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function point({ time }: ChartBar, values: StudyValues, line: number) {
  const value = values?.[line];
  const at = time as UTCTimestamp; // The library's brand of a number of seconds.
  return value === undefined ? { time: at } : { time: at, value };
}
