import type { LiveBar, StoredInterval } from "@fx-ohlc/client";
import { STORED_INTERVALS } from "@fx-ohlc/schemas/interval";
import { dateText, minuteText } from "../format/time.js";
import type { LatestBars } from "../state/newest-bars.js";
import { byId, h, setAttribute, setText } from "./dom.js";
import { PriceView } from "./price-view.js";

const HALF_DAY_S = 43_200;
const FIELDS = ["open", "high", "low", "close"] as const;

class CardView {
  readonly element: HTMLElement;
  readonly #bucket = h("span", { class: "card-bucket" }, "–");
  readonly #state = h("span", { class: "card-state" });
  readonly #prices = FIELDS.map(() => new PriceView());
  readonly #ticks = h("dd", { class: "card-ticks" }, "–");
  #shown: LiveBar | undefined;

  constructor(readonly interval: StoredInterval) {
    for (const price of this.#prices) price.set(undefined, 0);
    const title = interval[0]?.toUpperCase() + interval.slice(1);
    const rows = FIELDS.flatMap((field, at) => [h("dt", {}, field), h("dd", {}, this.#prices[at]?.element ?? "")]);
    this.element = h(
      "article",
      { class: "panel card", "data-interval": interval },
      h("h2", { class: "panel-title" }, title, this.#bucket, this.#state),
      h("dl", { class: "card-values" }, ...rows, h("dt", {}, "ticks"), this.#ticks),
    );
  }

  show(bar: LiveBar | undefined, decimals: number): void {
    if (bar === this.#shown) return;
    this.#shown = bar;
    FIELDS.forEach((field, at) => {
      this.#prices[at]?.set(bar?.[field] ?? undefined, decimals);
    });
    setText(this.#ticks, bar?.tick_count.toLocaleString("en") ?? "–");
    setText(this.#bucket, bar === undefined ? "–" : bucketText(bar));
    const state = bar === undefined ? "" : bar.final ? "final" : bar.complete ? "complete" : "running";
    setText(this.#state, state);
    setAttribute(this.element, "data-state", state);
  }
}

/** A time of day, or the name of an FX day: the date that the greater part of it lies on, as those are named. */
function bucketText({ interval, bucket }: LiveBar): string {
  const time = Date.parse(bucket) / 1000;
  return interval === "day" ? dateText(time + HALF_DAY_S) : minuteText(time);
}

/** The latest minute, hour and day bar of the chosen symbol, side by side. */
export class CardsView {
  readonly #cards = STORED_INTERVALS.map((interval) => new CardView(interval));

  constructor() {
    byId("cards").append(...this.#cards.map(({ element }) => element));
  }

  render(bars: LatestBars, decimals: number): void {
    for (const card of this.#cards) card.show(bars[card.interval], decimals);
  }
}
