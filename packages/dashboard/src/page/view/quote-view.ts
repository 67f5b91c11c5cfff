import type { BoundaryName } from "../boundaries.js";
import { priceText } from "../format/price.js";
import { dateTimeText } from "../format/time.js";
import { ZONES } from "../format/zone.js";
import { ageText, freshnessOf, lifeText } from "../state/freshness.js";
import type { WatchRow } from "../state/watchlist.js";
import { changeTexts } from "./change-texts.js";
import type { Clock } from "./clock.js";
import { byId, h, setAttribute, setText } from "./dom.js";
import { flash, PriceView } from "./price-view.js";
import { SidesView } from "./sides-view.js";

/** More characters than this are set smaller: a price is never cut. */
const USUAL_LENGTH = 9;

/** The chosen symbol with its price, in large, and whether that is to be trusted. */
export class QuoteView {
  readonly #root = byId("quote");
  readonly #symbol = h("h1", { class: "quote-symbol" }, "–");
  readonly #price = new PriceView();
  readonly #move = h("span", { class: "quote-move" });
  readonly #percent = h("span", { class: "quote-percent" });
  readonly #change = h("span", { class: "quote-change" }, this.#move, this.#percent);
  readonly #life = h("span", { class: "life quote-life" });
  readonly #sides = new SidesView("quote-sides");
  #shown: WatchRow | undefined;

  constructor() {
    const facts = h("span", { class: "quote-facts" }, this.#life, this.#change);
    this.#root.append(this.#symbol, this.#price.element, facts, this.#sides.element);
  }

  render(row: WatchRow | undefined, boundary: BoundaryName, clock: Clock): void {
    if (row === undefined) return;
    const before = this.#shown;
    this.#shown = row;
    this.#showLife(row, clock);
    const { move, percent, title } = changeTexts(row, boundary);
    setText(this.#move, move);
    setText(this.#percent, percent);
    setAttribute(this.#change, "title", title);
    setAttribute(this.#change, "data-sign", percent.slice(0, 1));
    if (row === before) return;
    setText(this.#symbol, row.symbol);
    this.#price.set(row.last, row.decimals, row.pip);
    this.#sides.show(row);
    const text = row.last === undefined ? "" : priceText(row.last, row.decimals);
    setAttribute(this.#root, "data-length", text.length > USUAL_LENGTH ? "long" : "usual");
    if (before?.symbol === row.symbol && before.beat !== row.beat) flash(this.#price.element, row.direction, row.beat);
    document.title = text === "" ? row.symbol : `${text} ${row.symbol} · fx-ohlc`;
  }

  #showLife(row: WatchRow, { nowMs, zone }: Clock): void {
    const freshness = freshnessOf(row, nowMs);
    setAttribute(this.#root, "data-old", String(freshness?.isOld ?? false));
    setAttribute(this.#life, "data-life", freshness?.life ?? "");
    if (freshness === undefined || row.lastAtMs === undefined) {
      setText(this.#life, freshness === undefined ? "" : lifeText(freshness));
      return;
    }
    const age = freshness.life === "live" ? "" : ` · ${ageText(freshness, nowMs, zone)}`;
    setText(this.#life, `${lifeText(freshness)}${age}`);
    const since = `${dateTimeText(row.lastAtMs / 1000, zone)} ${ZONES[zone].text}`;
    setAttribute(this.#life, "title", `Last tick ${since}`);
  }
}
