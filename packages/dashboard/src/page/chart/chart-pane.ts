import { longestUs, type StoredInterval } from "@fx-ohlc/schemas/interval";
import { US_PER_SECOND } from "@fx-ohlc/schemas/time";
import { BarFeed, type FeedState, type LiveBar } from "../bars/bar-feed.js";
import type { BarSource } from "../bars/bar-source.js";
import { storedAround } from "../bars/buckets.js";
import type { ChartBar, Seconds } from "../bars/chart-bar.js";
import type { NoteSource } from "../bars/note-source.js";
import type { ReadState } from "../bars/read-state.js";
import type { PageTick } from "../ticks/tick.js";
import { byId } from "../view/dom.js";
import type { TimeRange } from "../view.js";
import { takeKeys } from "./chart-keys.js";
import { ComparedLine } from "./compared-line.js";
import { Cursor } from "./cursor.js";
import { CurtainView } from "./curtain-view.js";
import { DataNotes } from "./data-notes.js";
import { DrawnBars } from "./drawn-bars.js";
import { LegendView } from "./legend-view.js";
import { PriceChart } from "./price-chart.js";
import { Shown, type ShownView } from "./shown.js";
import { barsTitle, isSameSeries } from "./shown-series.js";
import { Sight } from "./sight.js";
import { TickLine } from "./tick-line.js";

/** The chart with everything around it: what is drawn, its legend, its keys, and what shows while there is nothing. */
export class ChartPane {
  readonly #shown = new Shown();
  readonly #chart: PriceChart;
  readonly #feed: BarFeed;
  readonly #legend = new LegendView(() => this.#notes.toOutage());
  readonly #curtain = new CurtainView(() => void this.#sight.reopen());
  readonly #notes: DataNotes;
  readonly #compared: ComparedLine;
  readonly #line: TickLine;
  readonly #bars: DrawnBars;
  readonly #cursor: Cursor;
  readonly #sight: Sight;
  #state: FeedState = { status: "loading", older: "more" };
  #pip: number | undefined;
  /** Why what was asked for is not there yet. */
  #waiting = "";

  constructor(
    source: BarSource,
    noteSource: NoteSource,
    private readonly onNeedOlderTicks: () => void,
    /** What is in sight is another range, undefined while that ends with the newest bar. */
    onRange: (range: TimeRange | undefined) => void,
  ) {
    this.#chart = new PriceChart(byId("chart"), {
      onNeedOlder: () => this.#loadOlder(),
      onCrosshair: (time) => this.#cursor.at(time),
      onAway: (isAway) => this.#onMoved(isAway),
    });
    this.#feed = new BarFeed(source, {
      onBars: (bars) => this.#onBars(bars),
      onBar: (bar, isLast) => this.#onBar(bar, isLast),
      onState: (state) => this.#onState(state),
    });
    this.#compared = new ComparedLine(this.#chart.api, source, (text) => this.#legend.showNote("compared", text));
    const parts = { shown: this.#shown, chart: this.#chart, legend: this.#legend, feed: this.#feed };
    this.#notes = new DataNotes(parts, noteSource, () => this.#bars.draw());
    this.#line = new TickLine(this.#chart);
    this.#bars = new DrawnBars({ ...parts, notes: this.#notes, compared: this.#compared });
    this.#cursor = new Cursor({ ...parts, line: this.#line });
    this.#sight = new Sight(parts, onRange);
    byId("to-live").addEventListener("click", () => this.#toNewest());
    takeKeys(byId("chart"), {
      step: (by) => this.#cursor.step(by),
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

  show(view: ShownView): void {
    const before = this.#shown.view;
    this.#shown.view = view;
    this.#showLook(view);
    this.#cursor.forget();
    const isSame = before !== undefined && isSameSeries(before, view);
    if (!isSame) {
      this.onWaiting("");
      this.#notes.forget();
      // Also beneath a line of ticks: the bars of the stream are of this series from now on.
      void this.#sight.reopen();
    }
    if (view.mode === "ticks") this.#line.draw();
    else if (isSame) this.#bars.onBars(this.#feed.bars);
    if (view.mode === "ticks" || !isSame) this.#chart.showNewest();
    else if (view.range !== before.range || view.mode !== before.mode) void this.#sight.showRange();
    this.#notes.showOutage();
    this.#showDrawn();
  }

  #showLook(view: ShownView): void {
    const { zone, boundary, interval, mode } = view;
    const areTicks = mode === "ticks";
    this.#legend.showTitle(areTicks ? `${view.symbol} · ticks` : barsTitle(view));
    this.#chart.showMode(mode);
    this.#chart.setLook({ zone, boundary, interval: areTicks ? undefined : interval });
    this.#chart.setLooks(areTicks ? { ...view, studies: [], style: "candles", compared: undefined } : view);
  }

  /** @param pip what the spread is told in; undefined where there is none, or none known */
  setDecimals(decimals: number, pip: number | undefined): void {
    if (decimals === this.#cursor.decimals && pip === this.#pip) return;
    this.#cursor.decimals = decimals;
    this.#chart.setDecimals(decimals);
    if (pip !== this.#pip) {
      this.#pip = pip;
      this.#chart.setPip(pip);
      if (this.#shown.areBars) this.#bars.draw();
    }
    this.#cursor.show();
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
    if (this.#shown.view === undefined || storedAround(this.#shown.view.interval) !== stored) return;
    this.#feed.onChanged(time, time + longestUs(stored) / US_PER_SECOND - 1);
  }

  /** There is news since the newest bar that the stream does not tell. */
  onNews(nowS: Seconds): void {
    const last = this.#feed.bars.at(-1);
    if (last === undefined) void this.refresh();
    else this.#feed.onChanged(last.time, Math.max(last.time, nowS));
  }

  onTicks(ticks: readonly PageTick[], onlyAdded: boolean): void {
    const { areTicks } = this.#shown;
    this.#line.take(ticks, onlyAdded, areTicks);
    if (areTicks) this.#showDrawn();
  }

  onTickState(state: ReadState): void {
    this.#line.state = state;
    this.#showCurtain();
  }

  /** Something of the symbol was corrected. */
  onCorrected(): void {
    this.#notes.refresh();
  }

  /** To be called every second. @param quietAfterS as it is known of the symbol by now */
  onSecond(nowS: Seconds, quietAfterS: number | undefined): void {
    this.#notes.onSecond(nowS, quietAfterS);
  }

  /** Reads the bars again; false when that failed. */
  refresh(): Promise<boolean> {
    this.#notes.refresh();
    return this.#feed.refresh();
  }

  readTheme(): void {
    this.#chart.readTheme();
    this.#compared.readTheme();
    if (this.#shown.areBars) this.#bars.draw();
  }

  /** What is asked for is away, and asked for again until it comes. @param why as the service says it; empty once it has come */
  onWaiting(why: string): void {
    this.#waiting = why;
    this.#legend.showNote("waiting", why);
    this.#showCurtain();
  }

  /** There is no symbol to show at all. */
  showNoSymbols(): void {
    this.#curtain.show({ kind: "no-symbols" });
  }

  #loadOlder(): void {
    if (this.#shown.areTicks) this.onNeedOlderTicks();
    else void this.#feed.loadOlder();
  }

  #onMoved(isAway: boolean): void {
    this.#sight.onMoved(isAway);
    if (this.#shown.areBars) this.#notes.onSight();
  }

  #onBars(bars: readonly ChartBar[]): void {
    if (!this.#shown.areBars) return;
    this.#bars.onBars(bars);
    this.#showDrawn();
  }

  #onBar(bar: ChartBar, isLast: boolean): void {
    if (!this.#shown.areBars) return;
    this.#bars.onBar(bar, isLast);
    this.#showDrawn();
  }

  #onState(state: FeedState): void {
    this.#state = state;
    this.#notes.showOutage(state.older);
    this.#showCurtain();
  }

  #showDrawn(): void {
    this.#cursor.show();
    this.#showCurtain();
  }

  #showCurtain(): void {
    const { areTicks } = this.#shown;
    const { status, error = "" } = areTicks ? this.#line.state : this.#state;
    const isEmpty = areTicks ? this.#line.isEmpty : this.#feed.bars.length === 0;
    if (!isEmpty) this.#curtain.show({ kind: "none" });
    else if (this.#waiting !== "" && status !== "forbidden")
      this.#curtain.show({ kind: "waiting", error: this.#waiting });
    else if (status === "failed" || status === "forbidden") this.#curtain.show({ kind: status, error });
    else this.#curtain.show({ kind: status === "loading" ? "loading" : "no-data" });
  }

  #toNewest(): void {
    this.#cursor.clear();
    this.#sight.toNewest();
  }
}
