import { byId, h } from "../view/dom.js";
import { ALL, type Lists } from "./lists.js";

export interface ListBarListener {
  onShow(name: string): void;
  onGroups(): void;
}

/** Which list is shown, and the way to what it is made of. */
export class ListBar {
  readonly #select = h("select", { class: "list-select", "aria-label": "List" });
  #shown: Lists["groups"] | undefined;

  constructor(listener: ListBarListener) {
    this.#select.addEventListener("change", () => listener.onShow(this.#select.value));
    const groups = h("button", { type: "button", class: "list-groups", "aria-haspopup": "dialog" }, "Groups…");
    groups.addEventListener("click", () => listener.onGroups());
    byId("list-bar").append(this.#select, groups);
  }

  show({ groups, shown }: Lists): void {
    if (groups !== this.#shown) {
      const options = groups.map(({ name, symbols }) => h("option", { value: name }, `${name} (${symbols.length})`));
      this.#select.replaceChildren(h("option", { value: ALL }, "All symbols"), ...options);
      this.#shown = groups;
    }
    this.#select.value = shown;
  }
}
