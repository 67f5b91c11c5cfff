import { isOfDays, longestUs, type StoredInterval } from "@fx-ohlc/schemas/interval";
import { US_PER_SECOND } from "@fx-ohlc/schemas/time";
import { BarFeed, type FeedState, type LiveBar } from "../bars/bar-feed.js";
import type { BarSource } from "../bars/bar-source.js";
import { breaksOf, type Gap, lastOutage, outageText } from "../bars/breaks.js";
import { type BarSeries, bucketEndOf, dayOf, storedAround } from "../bars/buckets.js";
import { type ChartBar, indexOfTime, type Seconds } from "../bars/chart-bar.js";
import { NoteFeed } from "../bars/note-feed.js";
import { NO_NOTES, type NoteSource, type Notes } from "../bars/note-source.js";
import type { ReadState } from "../bars/read-state.js";
import { barDateText } from "../format/bar-date.js";
import type { PageTick } from "../ticks/tick.js";
import { byId, setText } from "../view/dom.js";
import type { TimeRange, View } from "../view.js";
import { takeKeys } from "./chart-keys.js";
import { ComparedLine } from "./compared-line.js";
import { correctedBars, correctedDays } from "./corrected-bars.js";
import { CurtainView } from "./curtain-view.js";
import { LegendView } from "./legend-view.js";
import { PriceChart } from "./price-chart.js";
import { barsTitle, earliestOf, isSameSeries } from "./shown-series.js";
import { type TickPoint, tickPoints } from "./tick-points.js";

/** Until a price is known. */
const DECIMALS = 5;
/** Silence of a symbol of which nobody said when it means something, s. */
const QUIET_AFTER_S = 300;
/** Somebody who scrolls has come to rest. */
const RESTS_MS = 400;
/** How often an outage that lasts grows on the screen, s. */
const TAIL_REREAD_S = 30;

/** The chart with everything around it: what is drawn, its legend, its keys, and what shows while there is nothing. */
export class ChartPane {
  readonly #chart: PriceChart;
  readonly #feed: BarFeed;
  readonly #legend = new LegendView(() => this.#toOutage());
  readonly #curtain = new CurtainView(() => void this.#reopen());
  readonly #notesFeed: NoteFeed;
  readonly #compared: ComparedLine;
  #restTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #toLive = byId("to-live");
  readonly #announcer = byId("announcer");
  #view: View | undefined;
  #state: FeedState = { status: "loading", older: "more" };
  #decimals: number | undefined;
  #pip: number | undefined;
  #crosshair: Seconds | undefined;
  #ticks: readonly PageTick[] = [];
  #points: TickPoint[] = [];
  #tickState: ReadState = { status: "loading" };
  #notes: Notes = NO_NOTES;
  /** What is not known of the bars: why they begin late, and whether anything is wrong with them. */
  #reachText = "";
  #notesText = "";
  #comparedText = "";
  #quietAfterS = QUIET_AFTER_S;
  /** The newest bar that breaks are known of, and when they were read. */
  #lastTime: Seconds = 0;
  #notesAtS = 0;

  constructor(
    source: BarSource,
    noteSource: NoteSource,
    private readonly onNeedOlderTicks: () => void,
    /** What is in sight is another range, undefined while that ends with the newest bar. */
    private readonly onRange: (range: TimeRange | undefined) => void,
  ) {
    this.#chart = new PriceChart(byId("chart"), {
      onNeedOlder: () => this.#loadOlder(),
      onCrosshair: (time) => this.#onCrosshair(time),
      onAway: (isAway) => this.#showAway(isAway),
    });
    this.#feed = new BarFeed(source, {
      onBars: (bars) => this.#onBars(bars),
      onBar: (bar, isLast) => this.#onBar(bar, isLast),
      onState: (state) => this.#onState(state),
    });
    this.#compared = new ComparedLine(this.#chart.api, source, (text) => {
      this.#comparedText = text;
      this.#showNotes();
    });
    this.#notesFeed = new NoteFeed(noteSource, (notes, isKnown) => this.#onNotes(notes, isKnown));
    this.#toLive.addEventListener("click", () => this.#toNewest());
    takeKeys(byId("chart"), {
      step: (by) => this.#step(by),
      zoom: (factor) => this.#chart.zoom(factor),
      toNewest: () => this.#toNewest(),
    });
  }

  drawnBars(): readonly ChartBar[] {
    return this.#chart.drawnBars();
  }

  drawnSpread(): ReadonlyMap<Seconds, number> {
    return this.#chart.drawnSpread();
  }

  drawnStudies(): readonly (string | undefined)[] {
    return this.#chart.drawnStudies();
  }

  show(view: View & { symbol: string }): void {
    const before = this.#view;
    this.#view = view;
    const { zone, boundary, interval } = view;
    this.#legend.showTitle(view.mode === "ticks" ? `${view.symbol} · ticks` : barsTitle(view));
    this.#chart.showMode(view.mode);
    this.#chart.setLook({ zone, boundary, interval: view.mode === "ticks" ? undefined : interval });
    this.#chart.setLooks(
      view.mode === "ticks" ? { ...view, studies: [], style: "candles", compared: undefined } : view,
    );
    this.#crosshair = undefined;
    const isSame = before !== undefined && isSameSeries(before, view);
    if (!isSame) {
      this.#notesFeed.forget();
      // Also beneath a line of ticks: the bars of the stream are of this series from now on.
      void this.#reopen();
    }
    if (view.mode === "ticks") this.#drawTicks();
    else if (isSame) this.#onBars(this.#feed.bars);
    if (view.mode === "ticks" || !isSame) this.#chart.showNewest();
    else if (view.range !== before.range || view.mode !== before.mode) void this.#showRange();
    this.#showOutage();
    this.#showCurtain();
  }

  /** @param pip what the spread is told in; undefined where there is none, or none known */
  setDecimals(decimals: number, pip: number | undefined): void {
    if (decimals === this.#decimals && pip === this.#pip) return;
    this.#decimals = decimals;
    this.#chart.setDecimals(decimals);
    if (pip !== this.#pip) this.#setPip(pip);
    this.#showLegend();
  }

  #setPip(pip: number | undefined): void {
    this.#pip = pip;
    this.#chart.setPip(pip);
    if (this.#view?.mode === "candles") this.#setBars();
  }

  /** Takes in a streamed bar of the symbol that is compared. */
  onComparedLive(live: LiveBar): void {
    this.#compared.onLive(live);
  }

  /** A picture of the chart, and the legend's words. */
  picture(): { canvas: HTMLCanvasElement; text: string } {
    return { canvas: this.#chart.picture(), text: this.#legend.heading };
  }

  get sight(): TimeRange | undefined {
    return this.#chart.sight;
  }

  /** Takes in a streamed bar of what is shown. */
  onLive(live: LiveBar): void {
    this.#feed.onLive(live);
  }

  /**
   * A closed bar of the chosen symbol changed. Of many at once not each is told, and one that has vanished not at all, but the longer
   * one that they were part of is: what lies within that is read again.
   */
  onRevision(stored: StoredInterval, time: Seconds): void {
    if (this.#view === undefined || storedAround(this.#view.interval) !== stored) return;
    this.#feed.onChanged(time, time + longestUs(stored) / US_PER_SECOND - 1);
  }

  onTicks(ticks: readonly PageTick[], onlyAdded: boolean): void {
    const added = onlyAdded ? ticks.slice(this.#ticks.length) : [];
    this.#ticks = ticks;
    if (this.#view?.mode !== "ticks") return;
    if (!onlyAdded || this.#points.length === 0) {
      this.#drawTicks();
      return;
    }
    const points = tickPoints(added, this.#points.at(-1)?.time);
    this.#points.push(...points);
    this.#chart.addTicks(points);
    this.#showLegend();
    this.#showCurtain();
  }

  onTickState(state: ReadState): void {
    this.#tickState = state;
    this.#showCurtain();
  }

  /** Reads the bars again; false when that failed. */
  refresh(): Promise<boolean> {
    this.#notesFeed.refresh();
    return this.#feed.refresh();
  }

  readTheme(): void {
    this.#chart.readTheme();
    this.#compared.readTheme();
    if (this.#view?.mode === "candles") this.#setBars();
  }

  async #reopen(): Promise<void> {
    const series = this.#series;
    if (series === undefined) return;
    await this.#feed.open(series, this.#reachable(series));
    if (this.#view?.mode !== "candles") return;
    if (this.#view.range === undefined) this.#chart.showNewest();
    else this.#showSight(this.#view.range);
  }

  /** A range before the first bar is one that the chart cannot show: it begins with that, and says so. */
  #showSight({ from, to }: TimeRange): void {
    const [first] = this.#feed.bars;
    if (first === undefined || this.#view === undefined || to > first.time) {
      this.#chart.showRange({ from, to });
      return;
    }
    if (this.#reachText === "") this.#reachText = `The first bar is of ${barDateText(first, this.#view)}`;
    this.#showNotes();
    this.#chart.showRange({ from: first.time, to: first.time + to - from });
  }

  /** Brings the range of the view into sight, the newest bar where it has none. */
  async #showRange(): Promise<void> {
    const { range } = this.#view ?? {};
    this.#reachText = "";
    this.#showNotes();
    if (range === undefined) this.#chart.showNewest();
    else if ((this.#feed.bars[0]?.time ?? Number.POSITIVE_INFINITY) <= range.from) this.#chart.showRange(range);
    else await this.#reopen();
  }

  /** Where bars are opened from to show the range of the view. */
  #reachable(series: BarSeries): Seconds | undefined {
    const { range } = this.#view ?? {};
    this.#reachText = "";
    if (range === undefined) return undefined;
    const from = Math.max(range.from, earliestOf(series, Date.now() / 1_000));
    if (from > range.from) this.#reachText = `Bars of ${series.interval} do not reach so far: choose longer ones`;
    this.#showNotes();
    return from;
  }

  #loadOlder(): void {
    if (this.#view?.mode === "ticks") this.onNeedOlderTicks();
    else void this.#feed.loadOlder();
  }

  #onBars(bars: readonly ChartBar[]): void {
    if (this.#view?.mode !== "candles") return;
    this.#setBars();
    const { compared: symbol } = this.#view;
    const series = this.#series;
    this.#compared.show(symbol === undefined || series === undefined ? undefined : { ...series, symbol }, bars);
    this.#showNotesFrom(bars[0]);
    this.#showDays();
    this.#showLegend();
    this.#showCurtain();
  }

  #onBar(bar: ChartBar, isLast: boolean): void {
    if (this.#view?.mode !== "candles") return;
    const isNew = isLast && bar.time > this.#lastTime;
    // Bars are missing before it: they are a break now, or soon, once it is known why.
    if (isNew && (this.#chart.endsEmpty || this.#isAfterHole())) {
      this.#setBars();
      this.#notesFeed.refresh();
    } else if (!isLast && this.#chart.isDerived) this.#setBars();
    else this.#chart.updateBar(bar, isLast);
    this.#lastTime = Math.max(this.#lastTime, bar.time);
    if (isNew) this.#showDays();
    this.#showLegend();
    this.#showCurtain();
  }

  #onState(state: FeedState): void {
    this.#state = state;
    this.#showOutage();
    this.#showCurtain();
  }

  get #series(): BarSeries | undefined {
    if (this.#view?.symbol === undefined) return undefined;
    const { symbol, interval, boundary, side } = this.#view;
    return { symbol, interval, boundary, side };
  }

  #isAfterHole(): boolean {
    const series = this.#series;
    const [before, last] = this.#feed.bars.slice(-2);
    if (series === undefined || before === undefined || last === undefined) return false;
    return bucketEndOf(before.time, series) < last.time;
  }

  #setBars(): void {
    const series = this.#series;
    const { bars } = this.#feed;
    this.#lastTime = bars.at(-1)?.time ?? 0;
    this.#chart.setBars(bars, series === undefined ? [] : breaksOf(bars, this.#notes.gaps, series));
  }

  #showNotesFrom(first: ChartBar | undefined): void {
    const series = this.#series;
    if (series === undefined || first === undefined) return;
    // A day that began before the first bar may have been corrected there.
    this.#notesFeed.show(series, dayOf(first.time, series.boundary), this.#quietAfterS);
  }

  #onNotes(notes: Notes, isKnown: boolean): void {
    this.#notes = notes;
    this.#notesText = isKnown ? "" : "Gaps and corrections could not be read";
    this.#showNotes();
    this.#showOutage();
    if (this.#view?.mode !== "candles") return;
    this.#setBars();
    this.#showDays();
  }

  #showNotes(): void {
    this.#legend.showNotes([this.#reachText, this.#notesText, this.#comparedText].filter(Boolean).join(". "));
  }

  /** Also of an outage that is not in sight, or within a bar. */
  #showOutage(): void {
    const outage = this.#lastOutage;
    const { zone = "utc" } = this.#view ?? {};
    this.#legend.showOutage(outage === undefined ? "" : outageText(outage, Date.now() / 1_000, zone));
  }

  /** Before its first tick nothing of a symbol is missing. */
  get #lastOutage(): Gap | undefined {
    const first = this.#state.older === "end" ? this.#feed.bars[0]?.time : undefined;
    return lastOutage(this.#notes.gaps.filter(({ from }) => first === undefined || from >= first));
  }

  #toOutage(): void {
    const outage = this.#lastOutage;
    if (outage !== undefined) this.#chart.showTime(outage.from);
  }

  /** Something of the symbol was corrected. */
  onCorrected(): void {
    this.#notesFeed.refresh();
  }

  /** To be called every second: an outage that lasts grows. @param quietAfterS as it is known of the symbol by now */
  onSecond(nowS: Seconds, quietAfterS = QUIET_AFTER_S): void {
    const last = this.#feed.bars.at(-1);
    const series = this.#series;
    if (quietAfterS !== this.#quietAfterS) {
      this.#quietAfterS = quietAfterS;
      this.#showNotesFrom(this.#feed.bars[0]);
    }
    if (last === undefined || series === undefined || nowS - this.#notesAtS < TAIL_REREAD_S) return;
    if (bucketEndOf(last.time, series) + quietAfterS > nowS) return;
    this.#notesAtS = nowS;
    this.#notesFeed.refresh();
  }

  #showDays(): void {
    const series = this.#series;
    if (series === undefined) return;
    const areBars = isOfDays(series.interval);
    const { corrected } = this.#notes;
    this.#chart.setDays(
      areBars ? correctedBars(corrected, series) : correctedDays(corrected, series, this.#feed.bars),
      areBars,
    );
  }

  #drawTicks(): void {
    this.#points = [...tickPoints(this.#ticks)];
    this.#chart.setTicks(this.#points);
    this.#showLegend();
    this.#showCurtain();
  }

  #showCurtain(): void {
    const isTicks = this.#view?.mode === "ticks";
    const { status, error = "" } = isTicks ? this.#tickState : this.#state;
    if ((isTicks ? this.#ticks : this.#feed.bars).length > 0) this.#curtain.show({ kind: "none" });
    else if (status === "failed" || status === "forbidden") this.#curtain.show({ kind: status, error });
    else this.#curtain.show({ kind: status === "loading" ? "loading" : "no-data" });
  }

  /** There is no symbol to show at all. */
  showNoSymbols(): void {
    this.#curtain.show({ kind: "no-symbols" });
  }

  #showAway(isAway: boolean): void {
    this.#toLive.hidden = !isAway;
    clearTimeout(this.#restTimer);
    this.#restTimer = setTimeout(() => {
      if (this.#view?.mode === "candles" && this.#feed.bars.length > 0) this.onRange(this.#chart.range);
    }, RESTS_MS);
  }

  #onCrosshair(time: Seconds | undefined): void {
    this.#crosshair = time;
    this.#showLegend();
  }

  #showLegend(): void {
    const time = this.#crosshair;
    if (this.#view?.mode === "ticks") {
      const at = time === undefined ? this.#points.length - 1 : this.#points.findIndex((point) => point.time === time);
      this.#legend.showTick(this.#ticks[at], this.#decimals ?? DECIMALS, this.#view.zone);
      return;
    }
    const { bars } = this.#feed;
    const bar = time === undefined ? bars.at(-1) : bars[indexOfTime(bars, time)];
    if (this.#view !== undefined) this.#legend.showBar(bar, this.#decimals ?? DECIMALS, this.#view);
  }

  #step(by: number): void {
    const isTicks = this.#view?.mode === "ticks";
    const times = isTicks ? this.#points : this.#feed.bars;
    const from = times.findIndex(({ time }) => time === this.#crosshair);
    const at = Math.min(times.length - 1, Math.max(0, (from < 0 ? times.length : from) + by));
    const point = times[at];
    if (point === undefined) return;
    const price = "value" in point ? point.value : point.close;
    // A bar without quotes is nowhere in a chart of their sides.
    if (!Number.isNaN(price)) this.#chart.setCrosshair(point.time, price);
    this.#onCrosshair(point.time);
    // What the crosshair of a mouse passes over would be told without an end.
    setText(this.#announcer, this.#legend.text);
  }

  #toNewest(): void {
    this.#reachText = "";
    this.#showNotes();
    this.#chart.clearCrosshair();
    this.#onCrosshair(undefined);
    this.#chart.scrollToNewest();
  }
}
