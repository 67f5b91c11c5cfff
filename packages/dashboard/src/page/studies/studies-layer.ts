import {
  HistogramSeries,
  type IChartApiBase,
  type ISeriesApi,
  LineSeries,
  type Time,
  type UTCTimestamp,
} from "lightweight-charts";
import type { ChartBar } from "../bars/chart-bar.js";
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
      const named = { ...looks, title: line === 0 ? title : "" };
      if (spec.kind === "macd" && line === 2) return this.chart.addSeries(HistogramSeries, named, pane);
      return this.chart.addSeries(LineSeries, { ...named, lineWidth: 1, crosshairMarkerVisible: false }, pane);
    });
    if (!isOnChart) this.chart.panes()[pane]?.setStretchFactor(PANE_SHARE);
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
