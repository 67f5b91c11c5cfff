import { priceParts } from "../format/price.js";
import { h, setAttribute, setText } from "./dom.js";

/** From so many characters on a price keeps to no columns: it needs all the room there is. */
const LONG = 9;
/** From so many on it has no room in a list but in small. */
const HUGE = 13;

/**
 * A price with its pips emphasised. The whole part is set flush right and the decimals flush left, in columns as wide as the
 * widest price of the list, so that prices of any number of decimals stand under each other by their points.
 */
export class PriceView {
  readonly element: HTMLElement;
  readonly #whole = h("span", { class: "price-whole" });
  readonly #lead = h("span");
  readonly #pips = h("b", { class: "price-pips" });
  readonly #rest = h("span", { class: "price-rest" });

  constructor() {
    const decimals = h("span", { class: "price-decimals" }, this.#lead, this.#pips, this.#rest);
    this.element = h("span", { class: "price" }, this.#whole, decimals);
  }

  /** @param pip of the symbol, whose digits are emphasised */
  set(price: number | undefined, decimals: number, pip?: number): void {
    const empty = { whole: "–", lead: "", pips: "", rest: "" };
    const { whole, lead, pips, rest } = price === undefined ? empty : priceParts(price, decimals, pip);
    setAttribute(this.element, "data-length", whole.length + decimals > LONG ? "long" : "usual");
    setAttribute(this.element, "data-size", whole.length + decimals > HUGE ? "huge" : "usual");
    setText(this.#whole, whole);
    setText(this.#lead, lead);
    setText(this.#pips, pips);
    setText(this.#rest, rest);
  }
}

/** Starts an element's flash anew: two names of one animation take turns, which needs no reflow. */
export function flash(element: HTMLElement, direction: -1 | 0 | 1, beat: number): void {
  const name = direction < 0 ? "down" : "up";
  element.dataset.flash = `${name}-${beat % 2}`;
}
