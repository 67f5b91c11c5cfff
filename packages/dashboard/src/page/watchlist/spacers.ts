import { h } from "../view/dom.js";

/** What takes the place of the rows above or below those in sight. */
export function spacer(): HTMLElement {
  return h("tbody", { role: "presentation", "aria-hidden": "true" }, h("tr", {}, h("td", { class: "watch-spacer" })));
}

/** The cell of a spacer, whose height is that of the rows. */
export function cellOf(rows: HTMLElement): HTMLElement {
  return rows.querySelector("td") ?? rows;
}
