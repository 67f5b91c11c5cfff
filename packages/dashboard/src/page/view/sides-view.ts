import { priceText, spreadText } from "../format/price.js";
import type { WatchRow } from "../state/watchlist.js";
import { h, setText } from "./dom.js";

/** Bid, ask and the pips between them; nothing of a symbol without quotes. */
export class SidesView {
  readonly element: HTMLElement;
  readonly #bid = h("span", { class: "side-bid" });
  readonly #ask = h("span", { class: "side-ask" });
  readonly #spread = h("span", { class: "side-spread" });
  readonly #unit = h("i", {}, "pips");

  constructor(name: string) {
    const [bid, ask] = [h("i", {}, "bid"), h("i", {}, "ask")];
    this.element = h("span", { class: `sides ${name}` }, bid, this.#bid, ask, this.#ask, this.#spread, this.#unit);
    this.element.hidden = true;
  }

  show({ sides, digits, decimals, pip }: WatchRow): void {
    this.element.hidden = sides === undefined;
    if (sides === undefined) return;
    const places = digits ?? decimals;
    setText(this.#bid, priceText(sides.bid, places));
    setText(this.#ask, priceText(sides.ask, places));
    const spread = sides.ask - sides.bid;
    setText(this.#spread, pip === undefined ? priceText(spread, places).replace("-", "−") : spreadText(spread, pip));
    setText(this.#unit, pip === undefined ? "spread" : "pips");
  }
}
