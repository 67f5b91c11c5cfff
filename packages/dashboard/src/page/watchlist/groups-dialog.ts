import { h, setText } from "../view/dom.js";
import {
  added,
  FAVOURITES,
  GROUP_NAME_LENGTH_MAX,
  type Group,
  type Lists,
  nameProblem,
  removed,
  renamed,
  toggled,
} from "./lists.js";

export interface GroupsListener {
  /** Takes what somebody made of the lists. */
  onLists(lists: Lists): void;
  /** Moves the symbol up or down in the shown list. */
  onMove(symbol: string, by: -1 | 1): void;
}

/** Which groups there are, and which of them a symbol is in. */
export class GroupsDialog {
  readonly #title = h("h2", { id: "groups-title" });
  readonly #groups = h("ul", { class: "groups" });
  readonly #name = h("input", {
    maxlength: GROUP_NAME_LENGTH_MAX,
    placeholder: "New group",
    "aria-label": "New group",
  });
  readonly #problem = h("p", { class: "sign-in-problem", role: "alert" });
  readonly #moves = h("div", { class: "groups-moves", role: "group" });
  readonly #dialog;
  #lists: Lists | undefined;
  #symbol: string | undefined;

  constructor(private readonly listener: GroupsListener) {
    const add = h("form", { class: "groups-add" }, this.#name, h("button", { class: "button" }, "Add"));
    add.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#add();
    });
    const close = button("Done", () => this.#dialog.close());
    this.#moves.append(
      "Place in the list",
      button("↑ Up", () => this.#move(-1)),
      button("↓ Down", () => this.#move(1)),
    );
    const foot = h("div", { class: "sign-in-buttons" }, close);
    this.#dialog = h("dialog", { class: "sign-in groups-dialog", "aria-labelledby": "groups-title" });
    this.#dialog.append(this.#title, this.#groups, add, this.#problem, this.#moves, foot);
    document.body.append(this.#dialog);
  }

  /** @param symbol whose groups are asked for, if any is chosen */
  open(lists: Lists, symbol: string | undefined): void {
    this.#symbol = symbol;
    setText(this.#title, symbol === undefined ? "Groups" : `Groups of ${symbol}`);
    this.#moves.hidden = symbol === undefined;
    this.#show(lists);
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  #show(lists: Lists): void {
    this.#lists = lists;
    setText(this.#problem, "");
    this.#groups.replaceChildren(...lists.groups.map((group) => this.#group(group)));
  }

  #change(change: (lists: Lists) => Lists): void {
    if (this.#lists === undefined) return;
    const lists = change(this.#lists);
    this.listener.onLists(lists);
    this.#show(lists);
  }

  #group({ name, symbols }: Group): HTMLElement {
    const symbol = this.#symbol;
    const isIn = symbol !== undefined && symbols.includes(symbol);
    const box = h("input", { type: "checkbox", checked: isIn });
    box.addEventListener("change", () => symbol !== undefined && this.#change((lists) => toggled(lists, name, symbol)));
    const count = h("span", { class: "panel-note" }, String(symbols.length));
    const label = symbol === undefined ? h("span", {}, name) : h("label", {}, box, name);
    if (name === FAVOURITES) return h("li", {}, label, count);
    const rename = button("Rename", () => this.#rename(name));
    const remove = button("Delete", () => this.#change((lists) => removed(lists, name)));
    rename.setAttribute("aria-label", `Rename ${name}`);
    remove.setAttribute("aria-label", `Delete the group ${name}`);
    return h("li", {}, label, count, rename, remove);
  }

  #add(): void {
    const name = this.#name.value;
    const symbol = this.#symbol;
    if (!this.#isTaken(name)) return;
    this.#name.value = "";
    // Whoever makes a group while a symbol is chosen wants it there.
    this.#change((lists) => {
      const more = added(lists, name);
      return symbol === undefined ? more : toggled(more, name.trim(), symbol);
    });
  }

  /** The new name is what is in the field for one. */
  #rename(name: string): void {
    const to = this.#name.value;
    if (to.trim() === "") {
      setText(this.#problem, `Write the new name of ${name} into the field, then choose Rename.`);
      this.#name.focus();
    } else if (this.#isTaken(to)) {
      this.#name.value = "";
      this.#change((lists) => renamed(lists, name, to));
    }
  }

  #isTaken(name: string): boolean {
    const problem = this.#lists === undefined ? undefined : nameProblem(this.#lists, name);
    setText(this.#problem, problem ?? "");
    return problem === undefined;
  }

  #move(by: -1 | 1): void {
    if (this.#symbol !== undefined) this.listener.onMove(this.#symbol, by);
  }
}

function button(text: string, onClick: () => void): HTMLButtonElement {
  const element = h("button", { type: "button", class: "button" }, text);
  element.addEventListener("click", onClick);
  return element;
}
