import type { LiveBar, StoredInterval } from "@fx-ohlc/client";
import { STORED_INTERVALS } from "@fx-ohlc/schemas/interval";
import { priceText } from "../format/price.js";
import { shortText, yearlyDateText } from "../format/time.js";
import type { LatestBars } from "../state/newest-bars.js";
import type { Clock } from "./clock.js";
import { byId, h, setAttribute, setText } from "./dom.js";
import { PriceView } from "./price-view.js";

const FIELDS = ["open", "high", "low", "close"] as const;

class CardView {
  readonly element: HTMLElement;
  readonly #bucket = h("span", { class: "card-bucket" }, "–");
  readonly #state = h("span", { class: "card-state" });
  readonly #prices = FIELDS.map(() => new PriceView());
  readonly #ticks = h("dd", { class: "card-ticks" }, "–");
  #shown: LiveBar | undefined;
  #decimals = 0;
  #pip: number | undefined;

  constructor(readonly interval: StoredInterval) {
    for (const price of this.#prices) price.set(undefined, 0);
    const title = interval[0]?.toUpperCase() + interval.slice(1);
    const rows = FIELDS.flatMap((field, at) => [nameOf(field), h("dd", {}, this.#prices[at]?.element ?? "")]);
    this.element = h(
      "article",
      { class: "panel card", "data-interval": interval },
      h("h2", { class: "panel-title" }, title, this.#bucket, this.#state),
      h("dl", { class: "card-values" }, ...rows, nameOf("ticks"), this.#ticks),
    );
  }

  show(bar: LiveBar | undefined, { decimals, pip }: CardsOf, clock: Clock): void {
    setText(this.#bucket, bar === undefined ? "–" : bucketText(bar, clock));
    if (bar === this.#shown && decimals === this.#decimals && pip === this.#pip) return;
    this.#shown = bar;
    this.#decimals = decimals;
    this.#pip = pip;
    FIELDS.forEach((field, at) => {
      this.#prices[at]?.set(bar?.[field] ?? undefined, decimals, pip);
    });
    const { length } = priceText(bar?.high ?? 0, decimals);
    setAttribute(this.element, "data-length", length >= LONG ? "long" : "usual");
    setAttribute(this.element, "data-size", length >= HUGE ? "huge" : "usual");
    setText(this.#ticks, bar?.tick_count.toLocaleString("en") ?? "–");
    const state = bar === undefined ? "" : bar.final ? "final" : bar.complete ? "complete" : "running";
    setText(this.#state, state);
    setAttribute(this.element, "data-state", state);
  }
}

/** Its first letter stands alone where there is no room for more. */
function nameOf(field: string): HTMLElement {
  return h("dt", { "aria-label": field }, field.slice(0, 1), h("span", {}, field.slice(1)));
}

/** From so many characters on a price needs the room of the names. */
const LONG = 10;
/** From so many on two have no room beside each other but on a wide screen. */
const HUGE = 16;

/** When it began, with the date when that is not today; of a day its name, as the API says it. */
function bucketText({ bucket, date }: LiveBar, { nowMs, zone }: Clock): string {
  return date === undefined
    ? shortText(Date.parse(bucket) / 1_000, nowMs / 1_000, zone)
    : yearlyDateText(Date.parse(date) / 1_000, nowMs / 1_000);
}

/** How the prices are written. */
export interface CardsOf {
  readonly decimals: number;
  readonly pip: number | undefined;
}

/** The latest minute, hour and day bar of the chosen symbol, side by side. */
export class CardsView {
  readonly #cards = STORED_INTERVALS.map((interval) => new CardView(interval));

  constructor() {
    byId("cards").append(...this.#cards.map(({ element }) => element));
  }

  render(bars: LatestBars, of: CardsOf, clock: Clock): void {
    for (const card of this.#cards) card.show(bars[card.interval], of, clock);
  }
}
