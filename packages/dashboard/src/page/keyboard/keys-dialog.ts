import "../styles/keys.css";
import { h } from "../view/dom.js";
import { KEY_MAP, type KeySection } from "./key-map.js";
import type { Shortcuts } from "./shortcuts.js";

/** The map of every key, and whether those of a single letter work. */
export class KeysDialog {
  readonly #dialog: HTMLDialogElement;

  constructor(shortcuts: Shortcuts) {
    const box = h("input", { type: "checkbox", checked: shortcuts.areOn });
    box.addEventListener("change", () => shortcuts.turn(box.checked));
    const close = h("button", { type: "button", class: "button" }, "Close");
    close.addEventListener("click", () => this.#dialog.close());
    this.#dialog = h(
      "dialog",
      { class: "sign-in keys", "aria-labelledby": "keys-title" },
      h("h2", { id: "keys-title" }, "Keys"),
      h("div", { class: "keys-sections" }, ...KEY_MAP.map(section)),
      h("label", { class: "keys-switch" }, box, "The single keys of “Everywhere” work"),
      h("div", { class: "sign-in-buttons" }, close),
    );
    document.body.append(this.#dialog);
  }

  open(): void {
    if (!this.#dialog.open) this.#dialog.showModal();
  }
}

function section({ title, keys }: KeySection): HTMLElement {
  const rows = keys.flatMap(({ keys: names, does }) => [
    h("dt", {}, ...names.map((name) => h("kbd", {}, name))),
    h("dd", {}, does),
  ]);
  return h("section", {}, h("h3", {}, title), h("dl", {}, ...rows));
}
