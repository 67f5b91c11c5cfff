import { type BarMessage, FxClient, type StreamEvent, type SymbolJson } from "@fx-ohlc/client";
import { Gate } from "./access/gate.js";
import { API } from "./api.js";
import { HttpBarSource } from "./bars/bar-source.js";
import { chartBar, sideBar } from "./bars/chart-bar.js";
import { DaySource } from "./bars/day-source.js";
import { historyClient } from "./bars/history-client.js";
import { HttpNoteSource } from "./bars/note-source.js";
import type { ReadState } from "./bars/read-state.js";
import { SparkSource } from "./bars/spark-source.js";
import type { BoundaryName } from "./boundaries.js";
import { ChartPane } from "./chart/chart-pane.js";
import { oncePerFrame } from "./frames.js";
import { PageKeys } from "./keyboard/page-keys.js";
import { heardSocket } from "./live/heard-socket.js";
import { LiveStream } from "./live/live-stream.js";
import { closedBar, holeOf, minuteOf, sidesOf, storedOf, tickRangeOf } from "./live/stream-events.js";
import { StreamKeeper } from "./live/stream-keeper.js";
import { ChartMenu } from "./menu/chart-menu.js";
import { Monitor } from "./monitor.js";
import { ApiReader } from "./pages/api-reader.js";
import { intervalFor } from "./pages/interval-for.js";
import type { PageName } from "./pages/page-name.js";
import { Pages } from "./pages/pages.js";
import { NewestBars } from "./state/newest-bars.js";
import { SymbolReader } from "./state/symbol-reader.js";
import { reduceWatch, ticksSeen, type WatchEvent, type WatchRows } from "./state/watchlist.js";
import { Themes } from "./theme.js";
import { FollowedTicks } from "./ticks/followed-ticks.js";
import { type PageTick, secondsOf, type TickRange } from "./ticks/tick.js";
import { HttpTickSource } from "./ticks/tick-source.js";
import { ToolbarView } from "./toolbar/toolbar-view.js";
import { CardsView } from "./view/cards-view.js";
import type { Clock } from "./view/clock.js";
import { QuoteView } from "./view/quote-view.js";
import { Tabs } from "./view/tabs.js";
import { TapeView } from "./view/tape-view.js";
import { WatchView } from "./view/watch-view.js";
import { ZoneView } from "./view/zone-view.js";
import { searchOf, type TimeRange, type View, viewOf } from "./view.js";

/** What is shown first when nobody has chosen. */
const FIRST_SYMBOL = "EURUSD";

/** The page: what comes from the stream is collected, and taken in and drawn once per frame. */
export class App {
  readonly #gate = new Gate();
  readonly #client: FxClient;
  readonly #stream: LiveStream;
  readonly #keeper: StreamKeeper;
  readonly #monitor: Monitor;
  readonly #requestFrame = oncePerFrame(() => this.#onFrame());
  readonly #pane: ChartPane;
  readonly #ticks: FollowedTicks;
  readonly #sparks: SparkSource;
  readonly #days: DaySource;
  readonly #symbols: SymbolReader;
  readonly #watchView: WatchView;
  readonly #toolbar = new ToolbarView((change) => this.#change(change));
  readonly #menu: ChartMenu;
  readonly #zone = new ZoneView((zone) => this.#change({ zone }));
  readonly #tape = new TapeView();
  readonly #cards = new CardsView();
  readonly #quote = new QuoteView();
  readonly #tabs = new Tabs();
  readonly #pages: Pages;
  /** The symbol whose ticks are followed. */
  #followed: string | undefined;
  #view: View = viewOf(location.search);
  #rows: WatchRows = new Map();
  readonly #newest = new NewestBars();
  #watchEvents: WatchEvent[] = [];
  #bars: BarMessage[] = [];

  constructor() {
    const webSocket = heardSocket({
      onHeard: () => this.#monitor.onConnection({ type: "heard", atMs: Date.now() }),
      onRoundTrip: (ms) => this.#monitor.onConnection({ type: "heard", atMs: Date.now(), roundTripMs: ms }),
    });
    const { key: token, fetch } = this.#gate;
    const options = { url: API, token, fetch };
    this.#client = new FxClient({ ...options, webSocket });
    const history = historyClient(options, (why) => this.#pane.onWaiting(why));
    this.#monitor = new Monitor(this.#client, () => ticksSeen(this.#rows));
    const [bars, notes] = [new HttpBarSource(history), new HttpNoteSource(this.#client)];
    this.#pane = new ChartPane(
      bars,
      notes,
      () => this.#ticks.loadOlder(),
      (range) => this.#onRange(range),
    );
    const hasKey = () => token !== undefined;
    this.#menu = new ChartMenu(this.#client, this.#pane, hasKey, (change) => this.#change(change));
    this.#ticks = new FollowedTicks(new HttpTickSource(history), {
      onTicks: (ticks, onlyAdded) => this.#onTicksChanged(ticks, onlyAdded),
      onState: (state) => this.#onTickState(state),
      onTaken: (ticks) => this.#monitor.onTicks(ticks),
      onLast: (symbol, tick) => this.#onLastTick(symbol, tick),
    });
    this.#keeper = new StreamKeeper({
      client: this.#client,
      gate: this.#gate,
      monitor: this.#monitor,
      pane: this.#pane,
      ticks: this.#ticks,
      symbols: () => this.#wantedFirst(),
      followed: () => this.#followed,
      onBar: (message) => this.#onBar(message),
    });
    const streamed = {
      onEvent: (event: StreamEvent) => this.#onEvent(event),
      onRestart: () => this.#keeper.onRestart(),
    };
    this.#stream = new LiveStream(this.#client, streamed, this.#view.boundary);
    this.#days = new DaySource(this.#client, (symbol, bar) => this.#watch({ type: "day", symbol, bar }));
    this.#sparks = new SparkSource(this.#client, (symbol, closes) => this.#watch({ type: "spark", symbol, closes }));
    this.#watchView = new WatchView({
      onSelect: (symbol) => this.#select(symbol),
      onVisible: (symbol) => this.#sparks.want(symbol),
    });
    this.#symbols = new SymbolReader(this.#client, {
      onSymbols: (symbols) => this.#onSymbols(symbols),
      onForbidden: (reason) => this.#watchView.showForbidden(reason),
    });
    this.#pages = new Pages({
      client: this.#client,
      reader: new ApiReader(API, token, fetch),
      nowMs: () => this.#monitor.nowMs,
      change: (change) => this.#change(change),
      chartAddress: (...place) => this.#chartAddress(...place),
      open: (address) => this.#open(address),
      signIn: () => this.#gate.signIn(),
    });
  }

  start(): void {
    new Themes(() => this.#pane.readTheme());
    addEventListener("popstate", () => this.#show(viewOf(location.search)));
    new PageKeys({ go: (page) => this.#go(page), filter: () => this.#filter(), step: (by) => this.#step(by) });
    this.#monitor.start(() => this.#onSecond());
    this.#show(this.#view);
    this.#stream.open();
    void this.#symbols.read();
  }

  /** What is drawn. */
  get chart(): ChartPane {
    return this.#pane;
  }

  /** Ages grow while nothing happens. */
  #onSecond(): void {
    this.#stream.check(Date.now());
    const row = this.#followed === undefined ? undefined : this.#rows.get(this.#followed);
    this.#pane.onSecond(this.#monitor.nowMs / 1_000, row?.quietAfterS);
    this.#symbols.check(this.#rows.size);
    this.#requestFrame();
  }

  get #clock(): Clock {
    return { nowMs: this.#monitor.nowMs, zone: this.#view.zone };
  }

  #onSymbols(symbols: readonly SymbolJson[]): void {
    for (const facts of symbols) {
      this.#watch({ type: "symbol", symbol: facts.symbol, facts });
      if (facts.quotes) this.#followQuotes();
    }
    void this.#days.readAll(
      symbols.map(({ symbol }) => symbol),
      this.#view.boundary,
    );
    this.#requestFrame();
  }

  /** Takes a change of the view that somebody made, as a step the browser can go back from. */
  #change(change: Partial<View>): void {
    // Another symbol, or bars of another length, begin at the newest again.
    const isOther = "symbol" in change || "interval" in change || ("mode" in change && change.mode !== this.#view.mode);
    const view = { ...this.#view, ...(isOther && { range: undefined }), ...change };
    history.pushState(null, "", `${location.pathname}${searchOf(view)}`);
    this.#show(view);
  }

  #open(address: string): void {
    history.pushState(null, "", address);
    this.#show(viewOf(location.search));
    this.#tabs.show("chart");
  }

  #chartAddress(symbol: string, fromMs: number, toMs: number): string {
    const range = { from: fromMs / 1_000, to: toMs / 1_000 };
    const place = { symbol, range, interval: intervalFor(toMs - fromMs), mode: "candles", page: "chart" } as const;
    return `${location.pathname}${searchOf({ ...this.#view, ...place })}`;
  }

  /** Somebody scrolled: the address keeps up, but that is no step to go back from. */
  #onRange(range: TimeRange | undefined): void {
    if (range?.from === this.#view.range?.from && range?.to === this.#view.range?.to) return;
    this.#view = { ...this.#view, range };
    history.replaceState(null, "", `${location.pathname}${searchOf(this.#view)}`);
  }

  #select(symbol: string): void {
    if (symbol !== this.#view.symbol) this.#change({ symbol });
    this.#tabs.show("chart");
  }

  #show(view: View): void {
    const { symbol } = view;
    if (symbol !== undefined) this.#stream.follow({ ...view, symbol }, view.compared);
    const isOther = symbol !== undefined && symbol !== this.#followed;
    const before = this.#view;
    this.#view = view;
    this.#pages.show(view);
    this.#toolbar.render(view);
    this.#zone.render(view.zone);
    this.#menu.render(view);
    this.#monitor.showZone(view.zone);
    if (before.boundary !== view.boundary) this.#onBoundary(view.boundary);
    if (symbol === undefined) return;
    if (isOther) this.#follow(symbol);
    this.#pane.show({ ...view, symbol });
    this.#requestFrame();
  }

  /** Days begin elsewhere: everything that is counted by days begins anew. */
  #onBoundary(boundary: BoundaryName): void {
    this.#watch({ type: "boundary" });
    this.#newest.forgetDays();
    void this.#days.readAll([...this.#rows.keys()], boundary);
    if (this.#followed !== undefined) void this.#days.read(this.#followed, boundary);
  }

  #follow(symbol: string): void {
    this.#followed = symbol;
    void this.#days.read(symbol, this.#view.boundary);
    this.#watch({ type: "symbol", symbol });
    this.#ticks.follow(symbol);
  }

  /** Some symbol has quotes: bars come with both sides from now on, and a chart of one is read once more. */
  #followQuotes(): void {
    if (!this.#stream.followQuotes() || this.#view.side === "mid") return;
    void this.#pane.refresh();
  }

  #watch(event: WatchEvent): void {
    this.#watchEvents.push(event);
    this.#requestFrame();
  }

  #onEvent(event: StreamEvent): void {
    const atMs = Date.now();
    if (event.type === "status") this.#keeper.onStatus(event);
    else if (event.type === "ticks") this.#onTicks(event.channel, event.ticks);
    else if (event.type === "corrected") {
      this.#onTickRange(event.channel, tickRangeOf(event));
      if (this.#ticks.isOf(event.channel)) this.#pane.onCorrected();
    } else if (event.type === "reloaded-ticks") {
      this.#onTickRange(event.channel, tickRangeOf(event));
      this.#onTicks(event.channel, event.ticks);
    } else if (event.type === "reloaded-bars") for (const bar of event.bars) this.#onBar(closedBar(event, bar));
    else if (event.type === "error") this.#monitor.onConnection({ type: "note", atMs, text: event.message });
    else if (event.type === "gap" || event.type === "conflated")
      this.#monitor.onConnection({ type: "hole", atMs, hole: holeOf(event) });
    else if (event.type === "feed-status") this.#watch({ type: "feed", symbol: event.symbol, state: event.state });
    else this.#onBar(event);
  }

  /** Every symbol there is, those first whose prices somebody sees. */
  #wantedFirst(): readonly string[] {
    const chosen = [this.#followed, this.#view.compared].filter((symbol) => symbol !== undefined);
    return [...new Set([...chosen, ...this.#watchView.drawn, ...this.#rows.keys()])];
  }

  #onBar(message: BarMessage): void {
    this.#bars.push(message);
    this.#requestFrame();
  }

  #onTicks(channel: string, ticks: readonly PageTick[]): void {
    if (!this.#ticks.isOf(channel)) return;
    this.#ticks.add(ticks);
    if (this.#monitor.isCatchingUp) this.#monitor.onConnection({ type: "late-ticks", count: ticks.length });
    this.#requestFrame();
  }

  #onTickRange(channel: string, range: TickRange): void {
    if (this.#ticks.isOf(channel)) this.#ticks.replace(range);
  }

  #onTicksChanged(ticks: readonly PageTick[], onlyAdded: boolean): void {
    this.#pane.onTicks(ticks, onlyAdded);
    this.#requestFrame();
  }

  #onTickState(state: ReadState): void {
    this.#pane.onTickState(state);
    this.#requestFrame();
  }

  /** Takes in everything that came since the last frame, and draws. */
  #onFrame(): void {
    this.#ticks.take();
    const messages = this.#bars;
    this.#bars = [];
    for (const message of messages) this.#takeBar(message);
    this.#rows = reduceWatch(this.#rows, this.#watchEvents);
    this.#watchEvents = [];
    if (this.#view.symbol === undefined) this.#chooseFirst();
    this.#draw();
  }

  #onLastTick(symbol: string, { price, time, bid, ask }: PageTick): void {
    const sides = sidesOf(bid, ask);
    if (sides !== undefined) this.#followQuotes();
    const { nowMs: atMs } = this.#monitor;
    this.#watchEvents.push({ type: "tick", symbol, price, atMs, tickMs: secondsOf(time) * 1_000, sides });
  }

  #takeBar({ type, channel, bar }: BarMessage): void {
    const { symbol } = bar;
    const stored = storedOf(channel, this.#view.boundary);
    const sides = sidesOf(bar.bid_close, bar.ask_close);
    if (stored === "minute" || stored === "day") {
      this.#watchEvents.push({ type: stored, symbol, bar: chartBar(bar), atMs: this.#monitor.nowMs, sides });
    }
    if (stored !== undefined) this.#newest.note(bar, stored);
    if (this.#stream.isOfCompared(channel)) {
      const compared = sideBar(bar, this.#view.side);
      if (compared !== undefined)
        this.#pane.onComparedLive({ bar: compared, kind: type === "bar" ? "bar" : "settled" });
    }
    if (symbol !== this.#followed) return;
    const shown = this.#stream.isOfChart(channel) ? sideBar(bar, this.#view.side) : undefined;
    if (shown !== undefined) this.#pane.onLive({ bar: shown, kind: type === "bar" ? "bar" : "settled" });
    if (type !== "revision" || stored === undefined) return;
    this.#pane.onCorrected();
    this.#pane.onRevision(stored, chartBar(bar).time);
    if (stored === "minute") this.#ticks.reread(...minuteOf(bar));
  }

  #chooseFirst(): void {
    const symbol = this.#rows.has(FIRST_SYMBOL) ? FIRST_SYMBOL : [...this.#rows.keys()].sort()[0];
    if (symbol === undefined || !this.#symbols.areKnown) return;
    const view = { ...this.#view, symbol };
    history.replaceState(null, "", `${location.pathname}${searchOf(view)}`);
    this.#show(view);
  }

  #draw(): void {
    const symbol = this.#followed;
    const row = symbol === undefined ? undefined : this.#rows.get(symbol);
    const decimals = row?.decimals ?? 5;
    const { side, boundary } = this.#view;
    const clock = this.#clock;
    this.#watchView.render(this.#rows, { symbol, boundary }, clock, this.#symbols.areKnown);
    this.#quote.render(row, boundary, clock);
    this.#toolbar.showSides(row?.sides !== undefined || side !== "mid");
    this.#pane.setDecimals(side === "mid" ? decimals : (row?.digits ?? decimals), row?.pip);
    const isEmpty = symbol === undefined && this.#symbols.areKnown;
    const prices = { symbol, decimals, pip: row?.pip };
    this.#tape.render(this.#ticks.ticks, prices, clock, isEmpty ? { status: "ready" } : this.#ticks.state);
    this.#cards.render(this.#newest.of(symbol), prices, clock);
    if (isEmpty) this.#pane.showNoSymbols();
  }

  #go(page: PageName): void {
    if (page !== this.#view.page) this.#change({ page });
  }

  #filter(): void {
    this.#go("chart");
    this.#tabs.show("watch");
    this.#watchView.focusFilter();
  }

  #step(by: -1 | 1): void {
    const symbol = this.#watchView.neighbour(by);
    if (symbol !== undefined) this.#change({ symbol });
  }
}
