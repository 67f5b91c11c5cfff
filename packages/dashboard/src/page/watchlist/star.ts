import { h, setAttribute } from "../view/dom.js";

/** Marks a symbol as a favourite, by mouse or touch; the key `f` does it on a row. */
export function starOf(symbol: string): HTMLElement {
  return h("button", {
    type: "button",
    class: "star",
    tabindex: -1,
    "aria-label": `${symbol} is a favourite`,
    "aria-pressed": "false",
  });
}

export function showStar(row: HTMLElement, isFavourite: boolean): void {
  const star = row.querySelector(".star");
  if (star !== null) setAttribute(star, "aria-pressed", String(isFavourite));
}
