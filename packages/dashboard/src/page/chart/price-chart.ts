import {
  CandlestickSeries,
  createChartEx,
  HistogramSeries,
  type IChartApiBase,
  type ISeriesApi,
  LineSeries,
  type LogicalRange,
  type MouseEventParams,
  PriceScaleMode,
  type Time,
  type UTCTimestamp,
} from "lightweight-charts";
import type { Break } from "../bars/breaks.js";
import type { ChartBar, Seconds } from "../bars/chart-bar.js";
import { priceText } from "../format/price.js";
import { namedDateText } from "../format/time.js";
import { StudiesLayer } from "../studies/studies-layer.js";
import type { ChartScale, TimeRange, View } from "../view.js";
import { BreakMarks } from "./break-marks.js";
import {
  candleOptions,
  chartOptions,
  lineOptions,
  RIGHT_OFFSET,
  SPREAD_SHARE,
  spreadOptions,
  VOLUME_OPTIONS,
  VOLUME_SCALE,
} from "./chart-options.js";
import { type ChartColors, readColors } from "./colors.js";
import { DayLines } from "./day-lines.js";
import type { DayMark } from "./day-marks.js";
import { NotesView } from "./notes-view.js";
import { PriceStyle } from "./price-style.js";
import type { TickPoint } from "./tick-points.js";
import { type AxisLook, TimeAxis } from "./time-axis.js";

/** Older bars are asked for when fewer than this are left of the visible ones: a screen of them. */
const OLDER_MARGIN = 150;
/** Further than so many bars from the newest one has scrolled away from it. */
const AWAY_BARS = 3;

export interface PriceChartListener {
  onNeedOlder(): void;
  /** The crosshair stands at that time; undefined when it is gone. */
  onCrosshair(time: Seconds | undefined): void;
  /** Whether the newest bar has been scrolled out of sight; told with each move. */
  onAway(isAway: boolean): void;
}

const MODES: Readonly<Record<ChartScale, PriceScaleMode>> = {
  linear: PriceScaleMode.Normal,
  log: PriceScaleMode.Logarithmic,
  percent: PriceScaleMode.Percentage,
};

/** What the library calls a time here is always a number of seconds. */
const asTime = (time: Seconds): UTCTimestamp => time as UTCTimestamp; // The library's brand of a number.
const asSeconds = (time: Time | undefined): Seconds | undefined => (typeof time === "number" ? time : undefined);

/** TradingView's chart with candles and tick counts, or with a line of ticks. */
export class PriceChart {
  readonly #axis = new TimeAxis();
  readonly #chart: IChartApiBase<Time>;
  readonly #candles: ISeriesApi<"Candlestick">;
  readonly #volume: ISeriesApi<"Histogram">;
  readonly #line: ISeriesApi<"Line">;
  readonly #style: PriceStyle;
  readonly #studies: StudiesLayer;
  readonly #days = new DayLines();
  readonly #breaks = new BreakMarks((width, height) => this.#placeNotes(width, height));
  readonly #notes = new NotesView();
  #marks: readonly NotedDay[] = [];
  #areMarksBars = false;
  #endsEmpty = false;
  /** Beneath the candles, while there are quotes. */
  #spread: ISeriesApi<"Line"> | undefined;
  #pip: number | undefined;
  #decimals = 5;
  #colors: ChartColors = readColors();

  constructor(element: HTMLElement, listener: PriceChartListener) {
    this.#chart = createChartEx<Time, TimeAxis>(element, this.#axis, chartOptions(this.#colors));
    this.#volume = this.#chart.addSeries(HistogramSeries, VOLUME_OPTIONS);
    this.#volume.priceScale().applyOptions(VOLUME_SCALE);
    this.#candles = this.#chart.addSeries(CandlestickSeries, candleOptions(this.#colors));
    this.#line = this.#chart.addSeries(LineSeries, { ...lineOptions(this.#colors), visible: false });
    this.#style = new PriceStyle(this.#chart, this.#candles);
    this.#studies = new StudiesLayer(this.#chart);
    this.#volume.attachPrimitive(this.#days);
    this.#volume.attachPrimitive(this.#breaks);
    this.#days.setColors(this.#colors);
    this.#breaks.setColors(this.#colors);
    this.#chart.timeScale().subscribeVisibleLogicalRangeChange((range) => this.#onRange(range, listener));
    this.#chart.subscribeCrosshairMove(({ time }: MouseEventParams) => listener.onCrosshair(asSeconds(time)));
  }

  showMode(mode: "candles" | "ticks"): void {
    const isLine = mode === "ticks";
    if (this.#line.options().visible === isLine) return;
    // What is not shown must not have times: the time scale is made of those of every series.
    this.#clear();
    this.#setMarks([], false);
    this.#breaks.set([]);
    this.#line.applyOptions({ visible: isLine });
    this.#chart.applyOptions({ timeScale: { secondsVisible: isLine } });
  }

  #clear(): void {
    for (const series of [this.#candles, this.#volume, this.#line]) series.setData([]);
    this.#showSpread(false);
    this.#style.setBars([]);
    this.#studies.setBars([]);
  }

  /** How the axis tells times: what is drawn has to be set again after this when it returns true. */
  setLook(look: AxisLook): boolean {
    if (!this.#axis.setLook(look)) return false;
    // The weights of points that are there already are not asked for again, nor the words of their marks.
    this.#clear();
    this.#chart.applyOptions({ localization: { locale: "en-GB" } });
    return true;
  }

  /** The library's own, for what draws on it besides. */
  get api(): IChartApiBase<Time> {
    return this.#chart;
  }

  /** Whether all bars are to be set again when one that is not the newest changes. */
  get isDerived(): boolean {
    return !this.#studies.isEmpty || this.#style.isDerived;
  }

  /** How bars look, and what is drawn with them: bars are to be set again when this returns true. */
  setLooks({ style, scale, studies, compared }: Pick<View, "style" | "scale" | "studies" | "compared">): boolean {
    const mode = MODES[compared === undefined ? scale : "percent"];
    this.#candles.priceScale().applyOptions({ mode });
    const isOtherStyle = this.#style.set(style, this.#colors);
    return this.#studies.show(studies) || isOtherStyle;
  }

  setDecimals(decimals: number): void {
    this.#decimals = decimals;
    this.#spread?.applyOptions(this.#spreadOptions);
    const formatter = (price: number) => priceText(price, decimals).replace("-", "−");
    const priceFormat = { type: "custom", formatter, minMove: 10 ** -decimals } as const;
    for (const series of [this.#candles, this.#line, this.#style.shown]) series.applyOptions({ priceFormat });
    this.#studies.setDecimals(decimals);
  }

  /** @param breaks the empty places between them */
  setBars(bars: readonly ChartBar[], breaks: readonly Break[]): void {
    const places = breaks.flatMap(({ times }) => times.map((time) => ({ time: asTime(time) })));
    this.#axis.setPlaces(new Set(breaks.flatMap(({ times }) => times)));
    const candles = [...this.#style.setBars(bars).map(candleOf), ...places];
    // Merging two sorted lists costs more words than sorting one that nearly is.
    this.#candles.setData(candles.sort((a, b) => a.time - b.time));
    this.#breaks.set(breaks);
    this.#volume.setData(bars.map((bar) => this.#volumeOf(bar)));
    this.#showSpread(bars.some(hasSpread));
    this.#spread?.setData(bars.map((bar) => this.#spreadOf(bar)));
    this.#studies.setBars(bars);
    this.#endsEmpty = (places.at(-1)?.time ?? 0) > (bars.at(-1)?.time ?? 0);
  }

  /** Whether empty places follow the newest bar: the next one can only be set with all. */
  get endsEmpty(): boolean {
    return this.#endsEmpty;
  }

  /** What a spread is told in, its price without one; what is drawn already is not drawn anew. */
  setPip(pip: number | undefined): void {
    this.#pip = pip;
    this.#spread?.applyOptions(this.#spreadOptions);
  }

  get #spreadOptions() {
    return spreadOptions(this.#colors, this.#pip, this.#decimals);
  }

  updateBar(bar: ChartBar, isLast: boolean): void {
    const isHistory = !isLast || this.#endsEmpty;
    this.#candles.update(candleOf(this.#style.update(bar, !isHistory)), isHistory);
    if (isLast) this.#studies.update(bar);
    this.#volume.update(this.#volumeOf(bar), !isLast);
    if (hasSpread(bar)) this.#showSpread(true);
    this.#spread?.update(this.#spreadOf(bar), !isLast);
  }

  /** The pips of the drawn spread by time, where there are quotes. */
  drawnSpread(): ReadonlyMap<Seconds, number> {
    const points = this.#spread?.data() ?? [];
    return new Map(points.flatMap((point) => ("value" in point ? [[asSeconds(point.time) ?? 0, point.value]] : [])));
  }

  drawnStudies(): readonly (string | undefined)[] {
    return this.#studies.newest();
  }

  /** The bars as the library holds them. */
  drawnBars(): readonly ChartBar[] {
    const counts = new Map(this.#volume.data().map((point) => [point.time, "value" in point ? point.value : 0]));
    return this.#candles.data().flatMap((candle) => {
      if (!("open" in candle) || typeof candle.time !== "number") return [];
      const { time, open, high, low, close } = candle;
      return [{ time, open, high, low, close, count: counts.get(time) ?? 0 }];
    });
  }

  /** @param areBars whether each day is a bar, or a part of one: no lines and names then, only what was corrected */
  setDays(marks: readonly NotedDay[], areBars: boolean): void {
    this.#setMarks(marks, areBars);
  }

  #setMarks(marks: readonly NotedDay[], areBars: boolean): void {
    this.#marks = marks;
    this.#areMarksBars = areBars;
    this.#days.set(areBars ? [] : marks);
  }

  #placeNotes(width: number, height: number): void {
    const isBar = this.#areMarksBars;
    const scale = this.#chart.timeScale();
    const half = isBar ? 0 : scale.options().barSpacing / 2;
    const days = this.#marks.flatMap(({ time, date, corrected }) => {
      const x = isBar && corrected === 0 ? null : scale.timeToCoordinate(asTime(time));
      return x === null ? [] : [{ x: x - half, name: namedDateText(date), corrected, isBar }];
    });
    this.#notes.place(this.#breaks.placed(width), days, width, height);
  }

  setTicks(points: readonly TickPoint[]): void {
    this.#line.setData(points.map(({ time, value }) => ({ time: asTime(time), value })));
  }

  addTicks(points: readonly TickPoint[]): void {
    for (const { time, value } of points) this.#line.update({ time: asTime(time), value });
  }

  /** Back to the newest bar, with bars of the usual width. */
  showNewest(): void {
    this.#chart.priceScale("right").applyOptions({ autoScale: true });
    this.#chart.timeScale().resetTimeScale();
  }

  /** Brings a time into the middle, with bars as wide as they are. */
  showTime(time: Seconds): void {
    const scale = this.#chart.timeScale();
    const range = scale.getVisibleLogicalRange();
    const at = scale.timeToIndex(asTime(time), true);
    if (range === null || at === null) return;
    const half = (range.to - range.from) / 2;
    scale.setVisibleLogicalRange({ from: at - half, to: at + half });
  }

  /** From where to where there are bars in sight. */
  get sight(): TimeRange | undefined {
    const range = this.#chart.timeScale().getVisibleRange();
    return range === null ? undefined : { from: asSeconds(range.from) ?? 0, to: asSeconds(range.to) ?? 0 };
  }

  /** The same, but undefined while that ends with the newest bar. */
  get range(): TimeRange | undefined {
    return this.#chart.timeScale().scrollPosition() >= -AWAY_BARS ? undefined : this.sight;
  }

  showRange({ from, to }: TimeRange): void {
    this.#chart.timeScale().setVisibleRange({ from: asTime(from), to: asTime(to) });
  }

  /** A picture of it as it is. */
  picture(): HTMLCanvasElement {
    return this.#chart.takeScreenshot();
  }

  scrollToNewest(): void {
    // At once: the library's own animation stops where it is when bars come in.
    this.#chart.timeScale().scrollToPosition(RIGHT_OFFSET, false);
  }

  /** Makes bars wider (a factor above 1) or narrower. */
  zoom(factor: number): void {
    const scale = this.#chart.timeScale();
    scale.applyOptions({ barSpacing: Math.min(60, Math.max(1, scale.options().barSpacing * factor)) });
  }

  /** Puts the crosshair on a price at a time, and into view. */
  setCrosshair(time: Seconds, price: number): void {
    const scale = this.#chart.timeScale();
    const at = scale.timeToIndex(asTime(time)) ?? 0;
    const range = scale.getVisibleLogicalRange();
    if (range !== null && (at < range.from || at > range.to)) {
      const shift = at < range.from ? at - range.from : at - range.to;
      scale.setVisibleLogicalRange({ from: range.from + shift, to: range.to + shift });
    }
    const series = this.#line.options().visible ? this.#line : this.#style.shown;
    this.#chart.setCrosshairPosition(price, asTime(time), series);
  }

  clearCrosshair(): void {
    this.#chart.clearCrosshairPosition();
  }

  /** To be called when the page's theme changed, followed by {@link setBars}: tick counts have colours of their own. */
  readTheme(): void {
    this.#colors = readColors();
    const { autoSize: _, timeScale, ...options } = chartOptions(this.#colors);
    this.#chart.applyOptions({ ...options, timeScale: { borderColor: timeScale?.borderColor ?? "" } });
    this.#candles.applyOptions(candleOptions(this.#colors));
    this.#line.applyOptions(lineOptions(this.#colors));
    this.#spread?.applyOptions(this.#spreadOptions);
    this.#style.readTheme(this.#colors);
    this.#studies.readTheme();
    this.#days.setColors(this.#colors);
    this.#breaks.setColors(this.#colors);
  }

  #onRange(range: LogicalRange | null, listener: PriceChartListener): void {
    if (range === null) return;
    if (range.from < OLDER_MARGIN) listener.onNeedOlder();
    listener.onAway(this.#chart.timeScale().scrollPosition() < -AWAY_BARS);
  }

  /** A pane is there only while it has a series. */
  #showSpread(isShown: boolean): void {
    if (isShown === (this.#spread !== undefined)) return;
    if (this.#spread !== undefined) {
      this.#chart.removeSeries(this.#spread);
      this.#spread = undefined;
      return;
    }
    const pane = this.#chart.panes().length;
    this.#spread = this.#chart.addSeries(LineSeries, this.#spreadOptions, pane);
    this.#spread.priceScale().applyOptions({ mode: PriceScaleMode.Normal });
    this.#chart.panes()[0]?.setStretchFactor(1 - SPREAD_SHARE);
    this.#chart.panes()[pane]?.setStretchFactor(SPREAD_SHARE);
  }

  #spreadOf({ time, spread }: ChartBar) {
    return spread === undefined ? { time: asTime(time) } : { time: asTime(time), value: spread / (this.#pip ?? 1) };
  }

  #volumeOf({ time, open, close, count }: ChartBar) {
    const { upVolume, downVolume } = this.#colors;
    return { time: asTime(time), value: count, color: close >= open ? upVolume : downVolume };
  }
}

/** An FX day, and how many of its ticks were corrected or deleted. */
export interface NotedDay extends DayMark {
  readonly corrected: number;
}

function hasSpread({ spread }: ChartBar): boolean {
  return spread !== undefined;
}

/** A gap where it has no prices of the side. */
function candleOf({ time, open, high, low, close }: ChartBar) {
  if (Number.isNaN(open)) return { time: asTime(time) };
  return { time: asTime(time), open, high, low, close };
}
