import type { ChartBar } from "../bars/chart-bar.js";
import { changeText, priceText } from "../format/price.js";
import { dateTimeText } from "../format/time.js";
import type { PageTick } from "../ticks/tick.js";
import { byId, h, setAttribute, setText } from "../view/dom.js";

const FIELDS = ["open", "high", "low", "close"] as const;

/** The exact values of the bar under the crosshair, or of the newest one. */
export class LegendView {
  readonly #title = h("span", { class: "legend-title" });
  readonly #time = h("span", { class: "legend-time" });
  readonly #values = FIELDS.map(() => h("b"));
  readonly #change = h("b");
  readonly #count = h("b");
  readonly #price = h("b");
  readonly #root = byId("legend");

  constructor() {
    const fields = FIELDS.map((field, at) => entry(field[0]?.toUpperCase() ?? "", this.#values[at] ?? ""));
    const head = h("div", {}, this.#title, this.#time);
    const bar = h("div", { class: "legend-values legend-bar" }, ...fields, this.#change, entry("Ticks", this.#count));
    const tick = h("div", { class: "legend-values legend-tick" }, entry("Price", this.#price));
    this.#root.append(head, bar, tick);
  }

  showTitle(text: string): void {
    setText(this.#title, text);
  }

  showBar(bar: ChartBar | undefined, decimals: number): void {
    setAttribute(this.#root, "data-mode", bar === undefined ? "none" : "bar");
    if (bar === undefined) return;
    setText(this.#time, dateTimeText(bar.time));
    FIELDS.forEach((field, at) => {
      const value = this.#values[at];
      if (value !== undefined) setText(value, Number.isNaN(bar[field]) ? "–" : priceText(bar[field], decimals));
    });
    setText(this.#change, Number.isNaN(bar.open) ? "" : changeText(bar.open, bar.close));
    setText(this.#count, bar.count.toLocaleString("en"));
    setAttribute(this.#root, "data-direction", bar.close >= bar.open ? "up" : "down");
  }

  showTick(tick: PageTick | undefined, decimals: number): void {
    setAttribute(this.#root, "data-mode", "tick");
    setText(this.#time, tick === undefined ? "" : `${tick.time.slice(0, 10)} ${tick.time.slice(11, -1)}`);
    setText(this.#price, tick === undefined ? "" : priceText(tick.price, decimals));
  }
}

function entry(name: string, value: Node | string): HTMLElement {
  return h("span", { class: "legend-entry" }, h("span", {}, name), value);
}
