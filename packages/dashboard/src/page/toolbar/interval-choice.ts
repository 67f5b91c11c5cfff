import type { Interval } from "@fx-ohlc/schemas/interval";
import { h, setAttribute } from "../view/dom.js";
import { CHART_INTERVALS } from "../view.js";
import { ChoiceView } from "./choice-view.js";
import { keepIntervals, keptIntervals } from "./kept-intervals.js";

/** The intervals that somebody wants at hand, and a menu of all of them, where that is said. */
export class IntervalChoice {
  readonly #choice;
  readonly #menu = h("div", {
    ...{ id: "interval-menu", class: "menu menu-intervals", popover: "", role: "dialog", "aria-label": "Intervals" },
  });
  readonly #stars = new Map<Interval, HTMLButtonElement>();
  readonly #names = new Map<Interval, HTMLButtonElement>();
  readonly element: HTMLElement;
  #kept = new Set(keptIntervals());
  #shown: Interval | undefined;

  constructor(onChange: (interval: Interval) => void) {
    const choice = { name: "interval", legend: "Interval", values: CHART_INTERVALS };
    this.#choice = new ChoiceView<Interval>(choice, onChange);
    const rows = CHART_INTERVALS.map((interval) => {
      const name = h("button", { type: "button", class: "menu-interval" }, interval);
      name.addEventListener("click", () => {
        this.#menu.hidePopover();
        onChange(interval);
      });
      const star = h("button", { type: "button", class: "star", "aria-label": `Keep ${interval} in the toolbar` });
      star.addEventListener("click", () => this.#keep(interval));
      this.#names.set(interval, name);
      this.#stars.set(interval, star);
      return h("div", { class: "menu-interval-row" }, star, name);
    });
    this.#menu.append(...rows);
    document.body.append(this.#menu);
    const opener = h(
      "button",
      {
        ...{ type: "button", class: "intervals-open", popovertarget: "interval-menu", "aria-haspopup": "dialog" },
        ...{ "aria-label": "All intervals", title: "All intervals" },
      },
      "⋯",
    );
    this.element = h("div", { class: "intervals" }, this.#choice.element, opener);
    this.#render();
  }

  /** @returns what became the chosen one; undefined when it was that already */
  show(interval: Interval): HTMLElement | null | undefined {
    const chosen = this.#choice.show(interval);
    this.#shown = interval;
    if (chosen) this.#render();
    return chosen;
  }

  #keep(interval: Interval): void {
    if (!this.#kept.delete(interval)) this.#kept.add(interval);
    keepIntervals(CHART_INTERVALS.filter((one) => this.#kept.has(one)));
    this.#render();
  }

  /** What is shown is in the toolbar, too, as long as it is. */
  #render(): void {
    for (const interval of CHART_INTERVALS) {
      const label = this.#choice.labelOf(interval);
      if (label) label.hidden = !this.#kept.has(interval) && interval !== this.#shown;
      const star = this.#stars.get(interval);
      if (star) setAttribute(star, "aria-pressed", String(this.#kept.has(interval)));
      const name = this.#names.get(interval);
      if (name) setAttribute(name, "aria-current", String(interval === this.#shown));
    }
  }
}
