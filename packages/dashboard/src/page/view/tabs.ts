import { byId } from "./dom.js";

/** On a phone one pane is shown at a time; on wider screens all of them are, and these buttons are not. */
export class Tabs {
  readonly #buttons = [...byId("tabs").querySelectorAll<HTMLButtonElement>("button[data-pane]")];

  constructor() {
    for (const button of this.#buttons) button.addEventListener("click", () => this.show(button.dataset.pane ?? ""));
  }

  show(pane: string): void {
    document.body.dataset.pane = pane;
    for (const button of this.#buttons) {
      if (button.dataset.pane === pane) button.setAttribute("aria-current", "true");
      else button.removeAttribute("aria-current");
    }
  }
}
