import { priceText, spreadText } from "../format/price.js";
import type { WatchRow } from "../state/watchlist.js";
import { h, setText } from "./dom.js";

/** Bid, ask and the pips between them; nothing of a symbol without quotes. */
export class SidesView {
  readonly element: HTMLElement;
  readonly #bid = h("span", { class: "side-bid" });
  readonly #ask = h("span", { class: "side-ask" });
  readonly #spread = h("span", { class: "side-spread" });

  constructor(name: string) {
    const [bid, ask, spread] = [h("i", {}, "bid"), h("i", {}, "ask"), h("i", {}, "pips")];
    this.element = h("span", { class: `sides ${name}` }, bid, this.#bid, ask, this.#ask, this.#spread, spread);
    this.element.hidden = true;
  }

  show({ sides, digits, pip }: WatchRow): void {
    this.element.hidden = sides === undefined;
    if (sides === undefined) return;
    setText(this.#bid, priceText(sides.bid, digits));
    setText(this.#ask, priceText(sides.ask, digits));
    setText(this.#spread, spreadText(sides.ask - sides.bid, pip));
  }
}
