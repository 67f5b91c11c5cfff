import { h, setAttribute } from "../view/dom.js";
import { type Head, SortHeads } from "./sort-heads.js";
import { type Sorting, type SortValue, sorted } from "./sorting.js";
import { VirtualRows } from "./virtual-rows.js";

/** What is the same in a cell whichever row it is of. */
export interface Column<Row> extends Head {
  /** What it says; a text that differs only where its row does. */
  cell(row: Row): string | Node;
  /** What rows are sorted by. */
  value?(row: Row): SortValue;
  /** Marks it: `bad`, `warn`, `good`. */
  tone?(row: Row): string | undefined;
}

export interface DataTableOptions<Row> {
  readonly name: string;
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly keyOf: (row: Row) => string;
  /** Somebody chose a row, by mouse or keyboard; a table of rows that cannot be chosen has none. */
  readonly onChoose?: (row: Row) => void;
  /** A row came near to sight. */
  readonly onNear?: (row: Row) => void;
}

const ROW_HEIGHT = 34;

interface Drawn<Row> {
  readonly row: Row;
  readonly element: HTMLElement;
}

/** A table of any length: sortable by any column, drawn as far as it is in sight, walked through with the arrow keys. */
export class DataTable<Row> {
  readonly element: HTMLElement;
  readonly #body = h("tbody", { role: "rowgroup" });
  readonly #table: HTMLElement;
  readonly #heads: SortHeads;
  readonly #virtual: VirtualRows;
  readonly #drawn = new Map<string, Drawn<Row>>();
  #given: readonly Row[] = [];
  #rows: readonly Row[] = [];
  #sorting: Sorting | undefined;
  #chosen: string | undefined;

  constructor(private readonly options: DataTableOptions<Row>) {
    const { name, label, columns } = options;
    this.#heads = new SortHeads(columns, (sorting) => this.#sort(sorting));
    const role = options.onChoose === undefined ? "table" : "grid";
    this.#table = h("table", { class: "data", role, "aria-label": label }, this.#heads.element, this.#body);
    // Who has no mouse scrolls it with the keys.
    this.element = h("div", { class: `data-box data-${name}`, tabindex: 0 });
    this.element.append(this.#table);
    this.#virtual = new VirtualRows({
      scroller: this.element,
      body: this.#body,
      rowHeight: () => ROW_HEIGHT,
      rowAt: (at) => this.#elementAt(at),
    });
    this.#body.addEventListener("click", (event) => this.#onClick(event));
    this.#body.addEventListener("keydown", (event) => this.#onKey(event));
  }

  /** @param rows in the order they have while nobody sorts them */
  show(rows: readonly Row[]): void {
    this.#given = rows;
    this.#arrange();
  }

  /** Marks a row as the chosen one. */
  choose(key: string | undefined): void {
    this.#chosen = key;
    for (const [name, { element }] of this.#drawn) this.#mark(element, name);
  }

  #sort(sorting: Sorting | undefined): void {
    this.#sorting = sorting;
    this.#heads.show(sorting);
    this.#arrange();
    this.element.scrollTop = 0;
  }

  #arrange(): void {
    const column = this.options.columns.find(({ name }) => name === this.#sorting?.column);
    const sortKey = column?.value?.bind(column);
    this.#rows = sortKey ? sorted(this.#given, sortKey, this.#sorting?.isDescending ?? false) : this.#given;
    const keys = new Set(this.#given.map(this.options.keyOf));
    for (const key of this.#drawn.keys()) if (!keys.has(key)) this.#drawn.delete(key);
    setAttribute(this.#table, "aria-rowcount", String(this.#rows.length + 1));
    this.#virtual.arrange(this.#rows.length);
  }

  #elementAt(at: number): HTMLElement {
    const row = this.#rows[at];
    if (row === undefined) return h("tr");
    const key = this.options.keyOf(row);
    const drawn = this.#drawn.get(key);
    if (drawn?.row === row) return drawn.element;
    const element = this.#element(row, key, drawn?.element);
    this.#drawn.set(key, { row, element });
    this.options.onNear?.(row);
    return element;
  }

  /** A row's element: the one it had, when there was one, with what it says now. */
  #element(row: Row, key: string, known: HTMLElement | undefined): HTMLElement {
    const { columns, onChoose } = this.options;
    const role = onChoose === undefined ? "cell" : "gridcell";
    const cells = columns.map((column) =>
      h("td", { role, "data-column": column.name, "data-tone": column.tone?.(row) }, column.cell(row)),
    );
    const element = known ?? h("tr", { role: "row", class: "data-row", "data-key": key });
    element.replaceChildren(...cells);
    this.#mark(element, key);
    return element;
  }

  #mark(element: HTMLElement, key: string): void {
    if (this.options.onChoose === undefined) return;
    const isChosen = key === this.#chosen;
    setAttribute(element, "aria-selected", String(isChosen));
    element.tabIndex = isChosen ? 0 : -1;
  }

  #onClick({ target }: Event): void {
    if (!(target instanceof Element) || target.closest("a,button") !== null) return;
    this.#chooseAt(this.#placeOf(target));
  }

  #onKey(event: KeyboardEvent): void {
    const at = event.target instanceof Element ? this.#placeOf(event.target) : -1;
    const last = this.#rows.length - 1;
    const places: Record<string, number> = { ArrowUp: at - 1, ArrowDown: at + 1, Home: 0, End: last, Enter: at };
    const place = places[event.key];
    if (place === undefined || at < 0 || this.options.onChoose === undefined) return;
    event.preventDefault();
    const to = Math.min(last, Math.max(0, place));
    this.#virtual.reveal(to);
    this.#chooseAt(to);
    this.#elementAt(to).focus();
  }

  #placeOf(target: Element): number {
    const key = target.closest<HTMLElement>("tr")?.dataset.key;
    return this.#rows.findIndex((row) => this.options.keyOf(row) === key);
  }

  #chooseAt(at: number): void {
    const row = this.#rows[at];
    if (row !== undefined) this.options.onChoose?.(row);
  }
}
