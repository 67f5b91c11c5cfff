import { h, setAttribute } from "../view/dom.js";
import { nextSorting, type Sorting } from "./sorting.js";

/** A column's head. */
export interface Head {
  readonly name: string;
  readonly label: string;
  /** The label in full, where it is short. */
  readonly title?: string;
  /** Whether the greatest come first when it is chosen. */
  readonly startsDescending?: boolean;
  /** Whether nothing can be sorted by it. */
  readonly isPlain?: boolean;
}

/** A table's head: each column's name is a button that sorts by it. */
export class SortHeads {
  readonly element: HTMLElement;
  readonly #cells = new Map<string, HTMLElement>();
  #sorting: Sorting | undefined;

  constructor(
    heads: readonly Head[],
    private readonly onSort: (sorting: Sorting | undefined) => void,
  ) {
    this.element = h(
      "thead",
      { role: "rowgroup" },
      h("tr", { role: "row", "aria-rowindex": 1 }, ...heads.map((head) => this.#cell(head))),
    );
  }

  show(sorting: Sorting | undefined): void {
    this.#sorting = sorting;
    for (const [name, cell] of this.#cells) {
      const isIt = name === sorting?.column;
      const order = !isIt ? "none" : sorting?.isDescending ? "descending" : "ascending";
      setAttribute(cell, "aria-sort", order);
    }
  }

  #cell({ name, label, title, startsDescending = false, isPlain = false }: Head): HTMLElement {
    const attributes = { role: "columnheader", scope: "col", "data-column": name };
    if (isPlain) return h("th", { ...attributes, title }, label);
    const button = h("button", { type: "button", class: "sort", title }, label);
    button.addEventListener("click", () => this.onSort(nextSorting(this.#sorting, name, startsDescending)));
    const cell = h("th", { ...attributes, "aria-sort": "none" }, button);
    this.#cells.set(name, cell);
    return cell;
  }
}
