import { changeText, pipsText } from "../format/price.js";
import type { WatchRow } from "../state/watchlist.js";
import { byId, h, setAttribute, setText } from "./dom.js";
import { flash, PriceView } from "./price-view.js";
import { SidesView } from "./sides-view.js";

/** The chosen symbol with its price, in large. */
export class QuoteView {
  readonly #symbol = h("h1", { class: "quote-symbol" }, "–");
  readonly #price = new PriceView();
  readonly #change = h("span", { class: "quote-change" });
  readonly #sides = new SidesView("quote-sides");
  #shown: WatchRow | undefined;

  constructor() {
    byId("quote").append(this.#symbol, this.#price.element, this.#change, this.#sides.element);
  }

  render(row: WatchRow | undefined): void {
    const before = this.#shown;
    if (row === undefined || row === before) return;
    this.#shown = row;
    setText(this.#symbol, row.symbol);
    this.#price.set(row.last, row.decimals);
    this.#sides.show(row);
    const { last, dayOpen, decimals } = row;
    const isKnown = last !== undefined && dayOpen !== undefined;
    setText(this.#change, isKnown ? `${pipsText(dayOpen, last, decimals)}  ${changeText(dayOpen, last)}` : "");
    setAttribute(this.#change, "data-sign", isKnown ? changeText(dayOpen, last).slice(0, 1) : "");
    if (before?.symbol === row.symbol && before.beat !== row.beat) flash(this.#price.element, row.direction, row.beat);
    document.title = last === undefined ? row.symbol : `${last.toFixed(decimals)} ${row.symbol} · fx-ohlc`;
  }
}
