import "../styles/quality.css";
import type { QualityJson } from "@fx-ohlc/client";
import { AccessNote } from "../pages/access-note.js";
import { QUALITY_DAYS, type QualityDays } from "../pages/page-name.js";
import type { PageContext, PageView } from "../pages/page-view.js";
import { h, setText } from "../view/dom.js";
import type { View } from "../view.js";
import type { MinuteRange } from "./minutes.js";
import { OverviewTable } from "./overview.js";
import { lifeIn, QualitySource, rangeOf } from "./quality-source.js";
import { StripReader } from "./strip-reader.js";
import { SymbolView } from "./symbol-view.js";

/** How whole what is stored is: every symbol, and one of them closely. */
export class QualityPage implements PageView {
  readonly element = h("div", { class: "page-inner quality" });
  readonly #source: QualitySource;
  readonly #days = h("select", { class: "select", "aria-label": "Look back on" });
  readonly #state = h("span", { class: "panel-note", role: "status" });
  readonly #overview: OverviewTable;
  readonly #note: AccessNote;
  readonly #symbol: SymbolView;
  readonly #strips: StripReader;
  /** Ends what is being read for what is no longer shown. */
  #reading = new AbortController();
  #looking = new AbortController();
  #shown: { days: QualityDays; symbol: string | undefined } | undefined;
  #range: MinuteRange = { fromMs: 0, toMs: 0 };
  #rows = new Map<string, QualityJson>();
  /** Since when each symbol is one. */
  #since = new Map<string, string | null>();

  constructor(private readonly context: PageContext) {
    this.#source = new QualitySource(context.client);
    this.#symbol = new SymbolView(context);
    this.#note = new AccessNote("The symbols", "read", context.signIn);
    this.#strips = new StripReader(this.#source, (symbol, gaps, range) => {
      this.#overview.fillStrip(symbol, gaps, this.#range, range);
    });
    this.#overview = new OverviewTable(
      (symbol) => context.change({ symbol }),
      (symbol) => this.#strips.want(symbol, this.#rangeOf(symbol)),
    );
    for (const days of QUALITY_DAYS) this.#days.append(h("option", { value: days }, daysText(days)));
    this.#days.addEventListener("change", () => this.#chooseDays());
    const title = h("h2", { class: "panel-title" }, "Symbols");
    const list = h("section", { class: "panel quality-list", "aria-label": "Symbols" }, title, this.#note.element);
    list.append(this.#overview.element);
    this.element.append(h("h1", { class: "page-title" }, "Data quality", this.#days, this.#state), list);
    this.element.append(this.#symbol.element);
  }

  show({ days, symbol }: View): void {
    const before = this.#shown;
    this.#shown = { days, symbol };
    this.#days.value = String(days);
    if (before?.days !== days) void this.#readAll(days);
    else if (before.symbol !== symbol) void this.#look(symbol);
  }

  hide(): void {
    this.#shown = undefined;
    this.#reading.abort();
    this.#looking.abort();
  }

  #chooseDays(): void {
    const days = QUALITY_DAYS.find((known) => String(known) === this.#days.value);
    if (days !== undefined) this.context.change({ days });
  }

  async #readAll(days: QualityDays): Promise<void> {
    this.#reading.abort();
    this.#reading = new AbortController();
    const { signal } = this.#reading;
    this.#range = rangeOf(days, this.context.nowMs());
    this.#rows = new Map();
    this.#overview.show([]);
    this.#strips.start(signal);
    try {
      const symbols = await this.#source.symbols(signal);
      this.#since = new Map(symbols.map(({ symbol, first_tick: first }) => [symbol, first]));
      this.#showState(symbols.length);
      void this.#look(this.#shown?.symbol);
      await this.#source.overview(symbols, this.#range, signal, (rows) => this.#onRows(rows, symbols.length, signal));
      this.#note.show(undefined);
    } catch (error) {
      if (!signal.aborted) this.#note.show(error);
    }
  }

  #onRows(rows: readonly QualityJson[], count: number, signal: AbortSignal): void {
    if (signal.aborted) return;
    for (const row of rows) this.#rows.set(row.symbol, row);
    this.#overview.show([...this.#rows.values()]);
    this.#showState(count);
    const symbol = this.#shown?.symbol;
    if (rows.some((row) => row.symbol === symbol)) this.#showFacts(symbol);
  }

  #showState(count: number): void {
    const known = this.#rows.size;
    const all = `${count.toLocaleString("en")} symbol${count === 1 ? "" : "s"}`;
    setText(this.#state, `${known < count ? `${known.toLocaleString("en")} of ` : ""}${all}, by UTC days`);
  }

  #rangeOf(symbol: string): MinuteRange {
    return lifeIn(this.#range, this.#since.get(symbol));
  }

  #showFacts(symbol: string | undefined): void {
    this.#overview.choose(symbol);
    this.#symbol.showFacts(symbol, symbol === undefined ? undefined : this.#rows.get(symbol));
  }

  async #look(symbol: string | undefined): Promise<void> {
    this.#looking.abort();
    this.#looking = new AbortController();
    const { signal } = this.#looking;
    this.#showFacts(symbol);
    this.#symbol.clear();
    if (symbol === undefined) return;
    const range = this.#rangeOf(symbol);
    try {
      const quality = await this.#source.of(symbol, range, signal);
      if (signal.aborted) return;
      this.#symbol.show(symbol, quality, range);
      this.#symbol.note.show(undefined);
    } catch (error) {
      if (!signal.aborted) this.#symbol.note.show(error);
    }
  }
}

function daysText(days: QualityDays): string {
  return days === 1 ? "Today" : `${days} days`;
}
