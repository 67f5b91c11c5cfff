import { takesDayBoundary } from "@fx-ohlc/schemas/interval";
import { SIDES } from "../bars/chart-bar.js";
import { BOUNDARIES, BOUNDARY_NAMES } from "../boundaries.js";
import { CHART_INTERVALS, type View } from "../view.js";
import { byId, h, setAttribute } from "./dom.js";

interface Label {
  readonly text: string;
  /** The same in full, where the text is short. */
  readonly title?: string;
}

interface Choice<Value extends string> {
  readonly name: string;
  readonly legend: string;
  readonly values: readonly Value[];
  readonly labels?: Readonly<Record<Value, Label>>;
}

/** A row of radio buttons: the browser's own keys and names for screen readers come with them. */
export class ChoiceView<Value extends string> {
  readonly element: HTMLFieldSetElement;
  readonly #inputs = new Map<string, HTMLInputElement>();

  constructor({ name, legend, values, labels }: Choice<Value>, onChange: (value: Value) => void) {
    this.element = h("fieldset", { class: "choice", "data-name": name }, h("legend", { class: "hidden" }, legend));
    for (const value of values) {
      const { text = value, title } = labels?.[value] ?? {};
      const input = h("input", { type: "radio", name, value, "aria-label": title });
      input.addEventListener("change", () => onChange(value));
      this.#inputs.set(value, input);
      this.element.append(h("label", { title }, input, h("span", {}, text)));
    }
  }

  /** @returns what became the chosen one; undefined when it was that already */
  show(value: Value): HTMLElement | null | undefined {
    const input = this.#inputs.get(value);
    if (input === undefined || input.checked) return undefined;
    input.checked = true;
    return input.parentElement;
  }
}

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
    const interval = { name: "interval", legend: "Interval", values: CHART_INTERVALS };
    this.#intervals = new ChoiceView(interval, (value) => onChange({ interval: value, mode: "candles" }));
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
      h("span", { "aria-hidden": "true" }, "Day from"),
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
