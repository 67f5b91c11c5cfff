import type { BoundaryName } from "../boundaries.js";
import { freshnessOf, lifeText, shortAgeText } from "../state/freshness.js";
import { filtered, type WatchRow, type WatchRows } from "../state/watchlist.js";
import { changeTexts } from "./change-texts.js";
import type { Clock } from "./clock.js";
import { byId, h, setAttribute, setText } from "./dom.js";
import { flash, PriceView } from "./price-view.js";
import { SidesView } from "./sides-view.js";
import { SparkLine } from "./spark-line.js";

/** Placeholder rows while the symbols are not known: about what fits. */
const SKELETON_ROWS = 8;

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

/** The list of every symbol: arrow keys walk through it, letters typed after `/` filter it. */
export class WatchView {
  readonly #list = byId("watch-list");
  readonly #filter = byId("filter") as HTMLInputElement; // The page's own HTML says so.
  readonly #body = h("tbody");
  readonly #table: HTMLTableElement;
  readonly #rows = new Map<string, RowView>();
  readonly #observer: IntersectionObserver;
  readonly #forbidden = h("p", { class: "panel-message", role: "status" });
  #state: WatchRows = new Map();
  #shown: readonly string[] = [];
  #selected: string | undefined;

  constructor(private readonly listener: WatchViewListener) {
    const columns = ["Symbol", "Trend", "Last", "Day"].map((name) => h("th", { scope: "col" }, name));
    const head = h("thead", {}, h("tr", { role: "row" }, ...columns));
    this.#table = h(
      "table",
      { class: "watch-table", role: "grid", "aria-labelledby": "watch-title" },
      head,
      this.#body,
    );
    this.#list.append(this.#table, skeleton(), this.#forbidden);
    this.#observer = new IntersectionObserver((entries) => this.#onVisible(entries), { root: this.#list });
    this.#body.addEventListener("click", (event) => this.#onClick(event));
    this.#body.addEventListener("keydown", (event) => this.#onKey(event));
    this.#filter.addEventListener("input", () => this.#arrange());
    this.#filter.addEventListener("keydown", (event) => this.#onFilterKey(event));
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
    for (const row of rows.values()) this.#rowOf(row.symbol).show(row, boundary, clock);
    if (!isSameList) this.#arrange();
    if (selected !== this.#selected) this.#select(selected);
    setAttribute(this.#list, "data-state", rows.size > 0 ? "filled" : isKnown ? "empty" : "loading");
  }

  /** The symbols are not for this key to see; what the stream brings is listed all the same. */
  showForbidden(reason: string): void {
    setText(this.#forbidden, reason);
    setAttribute(this.#list, "data-access", "forbidden");
  }

  focusFilter(): void {
    this.#filter.focus();
    this.#filter.select();
  }

  #rowOf(symbol: string): RowView {
    const known = this.#rows.get(symbol);
    if (known !== undefined) return known;
    const row = new RowView(symbol);
    this.#rows.set(symbol, row);
    this.#observer.observe(row.element);
    return row;
  }

  #arrange(): void {
    this.#shown = filtered(this.#state, this.#filter.value);
    this.#body.replaceChildren(...this.#shown.map((symbol) => this.#rowOf(symbol).element));
    setAttribute(this.#list, "data-found", String(this.#shown.length > 0));
    this.#select(this.#selected);
  }

  #select(symbol: string | undefined): void {
    const before = this.#selected === undefined ? undefined : this.#rows.get(this.#selected)?.element;
    before?.setAttribute("aria-selected", "false");
    if (before !== undefined) before.tabIndex = -1;
    this.#selected = symbol;
    // One row is always reachable with the Tab key: the chosen one, or the first when that is filtered out.
    const focusable = symbol !== undefined && this.#shown.includes(symbol) ? symbol : this.#shown[0];
    if (focusable !== undefined) this.#rowOf(focusable).element.tabIndex = 0;
    const chosen = symbol === undefined ? undefined : this.#rows.get(symbol)?.element;
    chosen?.setAttribute("aria-selected", "true");
    chosen?.scrollIntoView({ block: "nearest" });
  }

  #onClick(event: Event): void {
    const row = event.target instanceof Element ? event.target.closest("tr") : null;
    const symbol = row?.dataset.symbol;
    if (symbol !== undefined) this.listener.onSelect(symbol);
  }

  #onKey(event: KeyboardEvent): void {
    const row = event.target instanceof Element ? event.target.closest("tr") : null;
    const at = this.#shown.indexOf(row?.dataset.symbol ?? "");
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
    if (target === undefined || at < 0) return;
    event.preventDefault();
    this.#choose(Math.min(last, Math.max(0, target)));
  }

  #choose(at: number): void {
    const symbol = this.#shown[at];
    if (symbol === undefined) return;
    this.listener.onSelect(symbol);
    this.#rowOf(symbol).element.focus();
  }

  #onFilterKey(event: KeyboardEvent): void {
    if (event.key === "Enter" || event.key === "ArrowDown") {
      event.preventDefault();
      this.#choose(0);
    } else if (event.key === "Escape") {
      this.#filter.value = "";
      this.#arrange();
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
