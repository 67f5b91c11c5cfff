import { takesDayBoundary } from "@fx-ohlc/schemas/interval";
import { SIDES } from "../bars/chart-bar.js";
import { BOUNDARIES, BOUNDARY_NAMES } from "../boundaries.js";
import { byId, h, setAttribute } from "../view/dom.js";
import type { View } from "../view.js";
import { ChoiceView } from "./choice-view.js";
import { IntervalChoice } from "./interval-choice.js";

const SIDE_LABELS = { mid: { text: "Mid" }, bid: { text: "Bid" }, ask: { text: "Ask" } };
const MODE_LABELS = { candles: { text: "Candles" }, ticks: { text: "Ticks" } };

/** What is shown, and how. */
export class ToolbarView {
  readonly #toolbar = byId("toolbar");
  readonly #intervals;
  readonly #boundaries;
  readonly #modes;
  readonly #sides;

  constructor(onChange: (change: Partial<View>) => void) {
    this.#intervals = new IntervalChoice((value) => onChange({ interval: value, mode: "candles" }));
    const boundary = { name: "boundary", legend: "Start of the day", values: BOUNDARY_NAMES, labels: BOUNDARIES };
    this.#boundaries = new ChoiceView(boundary, (value) => onChange({ boundary: value }));
    const mode = { name: "mode", legend: "Chart of", values: ["candles", "ticks"] as const, labels: MODE_LABELS };
    this.#modes = new ChoiceView(mode, (value) => onChange({ mode: value }));
    const side = { name: "side", legend: "Candles of", values: SIDES, labels: SIDE_LABELS };
    this.#sides = new ChoiceView(side, (value) => onChange({ side: value, mode: "candles" }));
    this.showSides(false);
    const day = h(
      "div",
      { class: "labelled" },
      h("span", { "aria-hidden": "true" }, "Day", h("span", { class: "labelled-more" }, " from")),
      this.#boundaries.element,
    );
    this.#toolbar.append(this.#intervals.element, this.#modes.element, this.#sides.element, day);
  }

  /** Whether there are sides to choose from. */
  showSides(hasSides: boolean): void {
    this.#sides.element.hidden = !hasSides;
    setAttribute(this.#toolbar, "data-sides", String(hasSides));
  }

  render({ interval, boundary, mode, side }: View): void {
    const chosen = this.#intervals.show(interval);
    // On a phone the toolbar is wider than the screen.
    if (chosen) this.#toolbar.scrollLeft = chosen.offsetLeft - this.#toolbar.clientWidth / 2;
    this.#boundaries.show(boundary);
    this.#modes.show(mode);
    this.#sides.show(side);
    setAttribute(this.#toolbar, "data-mode", mode);
    const touched = mode === "candles" && takesDayBoundary(interval);
    this.#boundaries.element.title = touched ? "Bars begin anew where the day starts" : "Days are marked in the chart";
  }
}
