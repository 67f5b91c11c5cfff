import type { BoundaryName } from "../boundaries.js";
import { freshnessOf, lifeText, shortAgeText } from "../state/freshness.js";
import type { WatchRow, WatchRows } from "../state/watchlist.js";
import { SortHeads } from "../table/sort-heads.js";
import { VirtualRows } from "../table/virtual-rows.js";
import { DEFAULT_VIEW } from "../view.js";
import { GroupsDialog } from "../watchlist/groups-dialog.js";
import { keepLists, keptLists } from "../watchlist/kept-lists.js";
import { ListBar } from "../watchlist/list-bar.js";
import { listed, WATCH_HEADS } from "../watchlist/listed.js";
import { FAVOURITES, groupOf, type Lists, moved, toggled } from "../watchlist/lists.js";
import { makeRowsDraggable } from "../watchlist/row-drag.js";
import { cellOf, spacer } from "../watchlist/spacers.js";
import { showStar, starOf } from "../watchlist/star.js";
import { changeTexts } from "./change-texts.js";
import type { Clock } from "./clock.js";
import { byId, h, setAttribute, setText } from "./dom.js";
import { flash, PriceView } from "./price-view.js";
import { SidesView } from "./sides-view.js";
import { SparkLine } from "./spark-line.js";

/** Placeholder rows while the symbols are not known: about what fits. */
const SKELETON_ROWS = 8;
/** A row's height until one is there to be measured. */
const ROW_HEIGHT = 34;
/** How often rows that are sorted by what changes change their places. */
const RESORT_INTERVAL_MS = 1_000;

/** One row of the list. */
class RowView {
  readonly element: HTMLTableRowElement;
  readonly #price = new PriceView();
  readonly #sides = new SidesView("watch-sides");
  readonly #change = h("span", { class: "change" });
  readonly #spark = new SparkLine();
  readonly #life = h("span", { class: "life watch-life" });
  #shown: WatchRow | undefined;
  #shownAtS = 0;

  constructor(symbol: string) {
    this.element = h(
      "tr",
      { class: "watch-row", role: "row", tabindex: -1, "data-symbol": symbol, "aria-selected": "false" },
      h(
        "th",
        { scope: "row", class: "watch-symbol" },
        h("span", { class: "watch-name", title: symbol }, symbol),
        this.#life,
      ),
      h("td", { role: "gridcell", class: "watch-spark" }, this.#spark.element),
      h("td", { role: "gridcell", class: "watch-price" }, this.#price.element, this.#sides.element),
      h("td", { role: "gridcell", class: "watch-change" }, this.#change),
    );
  }

  show(row: WatchRow, boundary: BoundaryName, clock: Clock): void {
    const before = this.#shown;
    const atS = Math.floor(clock.nowMs / 1_000);
    if (before === row && atS === this.#shownAtS) return;
    this.#shown = row;
    this.#shownAtS = atS;
    this.#showLife(row, clock);
    if (before === row) return;
    this.#price.set(row.last, row.decimals, row.pip);
    this.#sides.show(row);
    const { percent, title } = changeTexts(row, boundary);
    setText(this.#change, percent);
    setAttribute(this.#change, "title", title);
    setAttribute(this.#change, "data-sign", percent.slice(0, 1));
    if (before !== undefined && row.beat !== before.beat) flash(this.#price.element, row.direction, row.beat);
    if (row.spark === undefined || row.last === undefined) return;
    if (row.spark !== before?.spark || row.last !== before.last) this.#spark.set([...row.spark, row.last]);
  }

  /** A price that is not of now is dimmed, and says how old it is. */
  #showLife(row: WatchRow, { nowMs, zone }: Clock): void {
    const freshness = freshnessOf(row, nowMs);
    const isLive = freshness === undefined || freshness.life === "live";
    setText(this.#life, isLive ? "" : `${lifeText(freshness)} · ${shortAgeText(freshness, nowMs, zone)}`);
    setAttribute(this.#life, "data-life", freshness?.life ?? "");
    setAttribute(this.element, "data-old", String(freshness?.isOld ?? false));
  }
}

export interface WatchViewListener {
  onSelect(symbol: string): void;
  /** A row came into sight: now its spark line is worth reading. */
  onVisible(symbol: string): void;
}

/**
 * The list of every symbol, or of a group of them: arrow keys walk through it, letters typed after `/` filter it. Only what is in
 * sight is in the document and drawn.
 */
export class WatchView {
  readonly #list = byId("watch-list");
  readonly #filter = byId("filter") as HTMLInputElement; // The page's own HTML says so.
  readonly #body = h("tbody", { role: "rowgroup" });
  readonly #spacers = [spacer(), spacer()] as const;
  readonly #table: HTMLTableElement;
  readonly #rows = new Map<string, RowView>();
  readonly #observer: IntersectionObserver;
  readonly #forbidden = h("p", { class: "panel-message", role: "status" });
  readonly #heads = new SortHeads(WATCH_HEADS, (sorting) => this.#setLists({ ...this.#lists, sorting }));
  readonly #bar: ListBar;
  readonly #groups: GroupsDialog;
  readonly #virtual: VirtualRows;
  #state: WatchRows = new Map();
  #boundary: BoundaryName = DEFAULT_VIEW.boundary;
  #clock: Clock = { nowMs: 0, zone: DEFAULT_VIEW.zone };
  #lists = keptLists();
  #shown: readonly string[] = [];
  #arrangedAtMs = 0;
  #selected: string | undefined;
  #focusable: string | undefined;
  #favourites: ReadonlySet<string> = new Set();
  /** Whether somebody has looked around in the list, who is not to be taken back to the chosen symbol by new ones. */
  #isBrowsed = false;

  constructor(private readonly listener: WatchViewListener) {
    this.#table = h(
      "table",
      { class: "watch-table", role: "grid", "aria-labelledby": "watch-title" },
      this.#heads.element,
      this.#spacers[0],
      this.#body,
      this.#spacers[1],
    );
    this.#bar = new ListBar({
      onShow: (shown) => this.#setLists({ ...this.#lists, shown }),
      onGroups: () => this.#groups.open(this.#lists, this.#selected),
    });
    this.#groups = new GroupsDialog({
      onLists: (lists) => this.#setLists(lists),
      onMove: (symbol, by) => this.#move(symbol, by),
    });
    this.#list.append(this.#table, skeleton(), this.#forbidden);
    this.#virtual = new VirtualRows({
      scroller: this.#list,
      body: this.#body,
      spacers: [cellOf(this.#spacers[0]), cellOf(this.#spacers[1])],
      rowHeight: () => this.#body.querySelector("tr")?.offsetHeight || ROW_HEIGHT,
      rowAt: (at) => this.#rowOf(this.#shown[at] ?? "").element,
      onPlaced: () => this.#draw(),
    });
    this.#observer = new IntersectionObserver((entries) => this.#onVisible(entries), { root: this.#list });
    this.#listen();
    this.#showLists();
  }

  #listen(): void {
    this.#body.addEventListener("click", (event) => this.#onClick(event));
    this.#body.addEventListener("keydown", (event) => this.#onKey(event));
    this.#filter.addEventListener("input", () => this.#onFilter());
    this.#filter.addEventListener("keydown", (event) => this.#onFilterKey(event));
    for (const type of ["wheel", "pointerdown"]) {
      this.#list.addEventListener(type, () => this.#onBrowse(), { passive: true, once: true });
    }
    // On a phone the list is not there until it is asked for.
    new ResizeObserver(() => this.#revealSelected()).observe(this.#list);
    makeRowsDraggable(this.#body, {
      canMove: () => this.#hasOwnOrder,
      onDrop: (symbol, onto) => this.#moveTo(symbol, this.#shown.indexOf(onto)),
    });
  }

  /** @param view what is chosen */
  render(
    rows: WatchRows,
    view: { symbol: string | undefined; boundary: BoundaryName },
    clock: Clock,
    isKnown: boolean,
  ): void {
    const { symbol: selected, boundary } = view;
    const isSameList = rows.size === this.#state.size;
    this.#state = rows;
    this.#boundary = boundary;
    this.#clock = clock;
    setAttribute(this.#list, "data-state", rows.size > 0 ? "filled" : isKnown ? "empty" : "loading");
    if (!isSameList || this.#isToBeSorted) this.#arrange();
    else this.#draw();
    if (selected !== this.#selected) this.#select(selected);
    else if (!isSameList && !this.#isBrowsed) this.#revealSelected();
  }

  /** The symbols are not for this key to see; what the stream brings is listed all the same. */
  showForbidden(reason: string): void {
    setText(this.#forbidden, reason);
    setAttribute(this.#list, "data-access", "forbidden");
  }

  /** The symbols whose rows are drawn: those in sight, and some around them. */
  get drawn(): readonly string[] {
    return [...this.#body.querySelectorAll("tr")].flatMap(({ dataset }) => dataset.symbol ?? []);
  }

  /** The symbol that stands so many rows after the chosen one; undefined past either end. */
  neighbour(by: number): string | undefined {
    return this.#shown[this.#shown.indexOf(this.#selected ?? "") + by];
  }

  focusFilter(): void {
    this.#filter.focus();
    this.#filter.select();
  }

  /** Rows that are sorted by a price move with it, but not so often that nobody can read them. */
  get #isToBeSorted(): boolean {
    const { sorting } = this.#lists;
    return sorting !== undefined && performance.now() - this.#arrangedAtMs > RESORT_INTERVAL_MS;
  }

  get #hasOwnOrder(): boolean {
    return this.#lists.sorting === undefined && this.#filter.value === "";
  }

  #rowOf(symbol: string): RowView {
    const known = this.#rows.get(symbol);
    if (known !== undefined) return known;
    const row = new RowView(symbol);
    row.element.draggable = true;
    row.element.firstElementChild?.prepend(starOf(symbol));
    this.#rows.set(symbol, row);
    this.#markRow(symbol, row.element);
    this.#observer.observe(row.element);
    return row;
  }

  /** What the rows in sight say. */
  #draw(): void {
    for (const { dataset } of this.#body.querySelectorAll("tr")) {
      const row = this.#state.get(dataset.symbol ?? "");
      if (row !== undefined) this.#rowOf(row.symbol).show(row, this.#boundary, this.#clock);
    }
  }

  #arrange(): void {
    const before = this.#shown;
    this.#arrangedAtMs = performance.now();
    this.#shown = listed(this.#state, this.#lists, this.#filter.value);
    const isSame = before.length === this.#shown.length && before.every((symbol, at) => symbol === this.#shown[at]);
    setAttribute(this.#list, "data-found", String(this.#shown.length > 0));
    setAttribute(this.#table, "aria-rowcount", String(this.#shown.length + 1));
    if (isSame) {
      this.#draw();
      return;
    }
    this.#findFocusable();
    this.#virtual.arrange(this.#shown.length);
    this.#mark();
  }

  #setLists(lists: Lists): void {
    this.#lists = lists;
    keepLists(lists);
    this.#showLists();
    this.#arrange();
  }

  #showLists(): void {
    const { sorting, shown } = this.#lists;
    this.#bar.show(this.#lists);
    this.#heads.show(sorting);
    setAttribute(this.#list, "data-list", shown === "" ? "all" : "group");
    this.#favourites = new Set(groupOf(this.#lists, FAVOURITES)?.symbols);
    this.#mark();
  }

  #move(symbol: string, by: -1 | 1): void {
    this.#moveTo(symbol, this.#shown.indexOf(symbol) + by);
  }

  /** A list that is sorted by a column has no order to change. */
  #moveTo(symbol: string, to: number): void {
    if (!this.#hasOwnOrder) return;
    this.#setLists(moved(this.#lists, new Set(this.#state.keys()), symbol, to));
    this.#virtual.reveal(this.#shown.indexOf(symbol));
  }

  #select(symbol: string | undefined): void {
    this.#selected = symbol;
    this.#findFocusable();
    this.#revealSelected();
    this.#mark();
  }

  #revealSelected(): void {
    const at = this.#shown.indexOf(this.#selected ?? "");
    if (at >= 0) this.#virtual.reveal(at);
  }

  #findFocusable(): void {
    const selected = this.#selected;
    this.#focusable = selected !== undefined && this.#shown.includes(selected) ? selected : this.#shown[0];
  }

  #mark(): void {
    for (const [symbol, { element }] of this.#rows) this.#markRow(symbol, element);
  }

  /** One row is always reachable with the Tab key: the chosen one, or the first when that is not listed. */
  #markRow(symbol: string, element: HTMLElement): void {
    setAttribute(element, "aria-selected", String(symbol === this.#selected));
    element.tabIndex = symbol === this.#focusable ? 0 : -1;
    showStar(element, this.#favourites.has(symbol));
  }

  #onBrowse(): void {
    this.#isBrowsed = true;
  }

  #onClick({ target }: Event): void {
    if (!(target instanceof Element)) return;
    const symbol = target.closest("tr")?.dataset.symbol;
    if (symbol === undefined) return;
    if (target.closest(".star") !== null) this.#setLists(toggled(this.#lists, FAVOURITES, symbol));
    else this.listener.onSelect(symbol);
  }

  #onKey(event: KeyboardEvent): void {
    const row = event.target instanceof Element ? event.target.closest("tr") : null;
    const symbol = row?.dataset.symbol;
    const at = this.#shown.indexOf(symbol ?? "");
    if (symbol === undefined || at < 0 || event.ctrlKey || event.metaKey) return;
    if (event.altKey) this.#onMoveKey(event, symbol);
    else if (event.key === "f") this.#setLists(toggled(this.#lists, FAVOURITES, symbol));
    else if (event.key === "g") this.#groups.open(this.#lists, symbol);
    else this.#onWalkKey(event, at);
  }

  #onMoveKey(event: KeyboardEvent, symbol: string): void {
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    event.preventDefault();
    this.#move(symbol, event.key === "ArrowUp" ? -1 : 1);
    this.#focus(symbol);
  }

  #onWalkKey(event: KeyboardEvent, at: number): void {
    const last = this.#shown.length - 1;
    const targets: Record<string, number> = {
      ArrowUp: at - 1,
      ArrowDown: at + 1,
      Home: 0,
      End: last,
      Enter: at,
      " ": at,
    };
    const target = targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    this.#choose(Math.min(last, Math.max(0, target)));
  }

  #choose(at: number): void {
    const symbol = this.#shown[at];
    if (symbol === undefined) return;
    this.#virtual.reveal(at);
    this.listener.onSelect(symbol);
    this.#focus(symbol);
  }

  #focus(symbol: string): void {
    this.#rows.get(symbol)?.element.focus();
  }

  /** Whoever is done with filtering is back at the chosen symbol. */
  #onFilter(): void {
    this.#arrange();
    if (this.#filter.value === "") this.#revealSelected();
  }

  #onFilterKey(event: KeyboardEvent): void {
    if (event.key === "Enter" || event.key === "ArrowDown") {
      event.preventDefault();
      this.#choose(0);
    } else if (event.key === "Escape") {
      this.#filter.value = "";
      this.#onFilter();
    }
  }

  #onVisible(entries: readonly IntersectionObserverEntry[]): void {
    for (const { isIntersecting, target } of entries) {
      const symbol = isIntersecting && target instanceof HTMLElement ? target.dataset.symbol : undefined;
      if (symbol === undefined) continue;
      this.#observer.unobserve(target);
      this.listener.onVisible(symbol);
    }
  }
}

function skeleton(): HTMLElement {
  const rows = Array.from({ length: SKELETON_ROWS }, () => h("div", { class: "skeleton-row" }));
  return h("div", { class: "watch-skeleton", "aria-hidden": "true" }, ...rows);
}
