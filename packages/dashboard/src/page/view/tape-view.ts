import type { ReadState } from "../bars/read-state.js";
import { dateText, secondText } from "../format/time.js";
import type { PageTick } from "../ticks/tick.js";
import { byId, h, setAttribute, setText } from "./dom.js";
import { PriceView } from "./price-view.js";

/** Rows of the tape: what a tall screen shows. */
const ROWS = 60;
const NO_TICK: PageTick = { time: "", seq: 0, price: 0 };

const DATE_LENGTH = "2026-01-01".length;

/** `23:19:01.149`, or `20 Nov 23:19:01` on another day. */
function timeText(time: string, today: string): string {
  if (time.startsWith(today)) return time.slice(DATE_LENGTH + 1, DATE_LENGTH + "T00:00:00.000".length);
  const seconds = Date.parse(time) / 1000;
  return `${dateText(seconds).slice("Fri ".length)} ${secondText(seconds)}`;
}

class TickView {
  readonly element: HTMLElement;
  readonly #time = h("span", { class: "tape-time" });
  readonly #price = new PriceView();
  readonly #move = h("span", { class: "tape-move" });

  constructor() {
    this.element = h("li", { class: "tape-row" }, this.#time, this.#price.element, this.#move);
  }

  /** @param today the date of the newest tick: others say which day they are of */
  show(tick: PageTick | undefined, before: PageTick | undefined, decimals: number, today: string): void {
    this.element.hidden = tick === undefined;
    if (tick === undefined) return;
    setText(this.#time, timeText(tick.time, today));
    this.#price.set(tick.price, decimals);
    const move = Math.sign(tick.price - (before?.price ?? tick.price));
    setText(this.#move, move > 0 ? "▲" : move < 0 ? "▼" : "·");
    setAttribute(this.element, "data-direction", move > 0 ? "up" : move < 0 ? "down" : "flat");
  }
}

/** The latest ticks of the chosen symbol, newest first. */
export class TapeView {
  readonly #list = byId("tape-list");
  readonly #symbol = byId("tape-symbol");
  readonly #rows = Array.from({ length: ROWS }, () => new TickView());
  readonly #rowsElement = h("ol", { class: "tape-rows" }, ...this.#rows.map(({ element }) => element));
  readonly #forbidden = h("p", { class: "panel-message", role: "status" });
  #shown: readonly PageTick[] | undefined;
  #newest: PageTick | undefined;
  #today = "";
  #decimals = 0;

  constructor() {
    this.#list.append(this.#rowsElement, this.#forbidden);
  }

  /** @param state of the reading of ticks */
  render(ticks: readonly PageTick[], symbol: string | undefined, decimals: number, { status, error }: ReadState): void {
    setText(this.#symbol, symbol ?? "");
    setAttribute(this.#list, "data-state", ticks.length > 0 ? "filled" : status === "ready" ? "empty" : status);
    setText(this.#forbidden, status === "forbidden" && ticks.length === 0 ? (error ?? "") : "");
    if (ticks === this.#shown && decimals === this.#decimals) return;
    const newest = ticks.length - 1;
    const today = ticks[newest]?.time.slice(0, DATE_LENGTH) ?? "";
    const shownAt = ticks.lastIndexOf(this.#newest ?? NO_TICK);
    const isContinued = shownAt >= 0 && today === this.#today && decimals === this.#decimals;
    // The rows of ticks shown before move down as they are; only as many as there are new ticks are written.
    const added = isContinued && this.#isTail(ticks, shownAt) ? Math.min(ROWS, newest - shownAt) : ROWS;
    const fresh = added === 0 ? [] : this.#rows.splice(-added);
    fresh.forEach((row, at) => {
      row.show(ticks[newest - at], ticks[newest - at - 1], decimals, today);
    });
    this.#rows.unshift(...fresh);
    this.#rowsElement.prepend(...fresh.map(({ element }) => element));
    this.#shown = ticks;
    this.#newest = ticks[newest];
    this.#today = today;
    this.#decimals = decimals;
  }

  /** Whether the ticks up to `at` are those that are shown. */
  #isTail(ticks: readonly PageTick[], at: number): boolean {
    const shown = this.#shown ?? [];
    const last = shown.length - 1;
    return Array.from({ length: ROWS }, (_, back) => back).every((back) => ticks[at - back] === shown[last - back]);
  }
}
