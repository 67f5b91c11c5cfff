import type { ReadState } from "../bars/read-state.js";
import { dateText, fullDateText, isSameDate, secondText, yearlyDateText } from "../format/time.js";
import type { ZoneName } from "../format/zone.js";
import { type PageTick, secondsOf } from "../ticks/tick.js";
import type { Clock } from "./clock.js";
import { byId, h, setAttribute, setText } from "./dom.js";
import { PriceView } from "./price-view.js";

/** Rows of the tape: what a tall screen shows. */
const ROWS = 60;
const NO_TICK: PageTick = { time: "", seq: 0, price: 0 };

const MS_FROM = "2026-01-01T00:00:00".length;
const MS_LENGTH = ".000".length;

/** `23:19:01.149`, `20 Nov 23:19:01` when that is not today, `20 Nov 2025 23:19` of another year. */
function timeText(time: string, { nowMs, zone }: Clock): string {
  const seconds = Math.floor(secondsOf(time));
  const clock = secondText(seconds, zone);
  if (isSameDate(seconds, nowMs / 1_000, zone)) return clock + time.slice(MS_FROM, MS_FROM + MS_LENGTH);
  const date = yearlyDateText(seconds, nowMs / 1_000, zone);
  // A year leaves no room for seconds.
  return date.startsWith(dateText(seconds, zone))
    ? `${date.slice("Fri ".length)} ${clock}`
    : `${date} ${clock.slice(0, -":00".length)}`;
}

/** What the rows are written by. */
interface Look {
  readonly decimals: number;
  readonly pip: number | undefined;
  readonly zone: ZoneName;
  /** Today, in that zone. */
  readonly today: string;
}

function isSameLook(a: Look | undefined, b: Look): boolean {
  return a?.decimals === b.decimals && a.pip === b.pip && a.zone === b.zone && a.today === b.today;
}

class TickView {
  readonly element: HTMLElement;
  readonly #time = h("span", { class: "tape-time" });
  readonly #price = new PriceView();
  readonly #move = h("span", { class: "tape-move" });

  constructor() {
    this.element = h("li", { class: "tape-row" }, this.#time, this.#price.element, this.#move);
  }

  show(tick: PageTick | undefined, before: PageTick | undefined, { decimals, pip }: Look, clock: Clock): void {
    this.element.hidden = tick === undefined;
    if (tick === undefined) return;
    setText(this.#time, timeText(tick.time, clock));
    this.#price.set(tick.price, decimals, pip);
    const move = Math.sign(tick.price - (before?.price ?? tick.price));
    setText(this.#move, move > 0 ? "▲" : move < 0 ? "▼" : "·");
    setAttribute(this.element, "data-direction", move > 0 ? "up" : move < 0 ? "down" : "flat");
  }
}

/** Whose ticks they are, and how its prices are written. */
export interface TapeOf {
  readonly symbol: string | undefined;
  readonly decimals: number;
  readonly pip: number | undefined;
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
  #look: Look | undefined;

  constructor() {
    this.#list.append(this.#rowsElement, this.#forbidden);
  }

  /** @param state of the reading of ticks */
  render(
    ticks: readonly PageTick[],
    { symbol, decimals, pip }: TapeOf,
    clock: Clock,
    { status, error }: ReadState,
  ): void {
    setText(this.#symbol, symbol ?? "");
    setAttribute(this.#list, "data-state", ticks.length > 0 ? "filled" : status === "ready" ? "empty" : status);
    setText(this.#forbidden, status === "forbidden" && ticks.length === 0 ? (error ?? "") : "");
    const { zone } = clock;
    const look = { decimals, pip, zone, today: fullDateText(clock.nowMs / 1_000, zone) };
    const hasSameLook = isSameLook(this.#look, look);
    if (ticks === this.#shown && hasSameLook) return;
    const newest = ticks.length - 1;
    const shownAt = ticks.lastIndexOf(this.#newest ?? NO_TICK);
    const isContinued = shownAt >= 0 && hasSameLook;
    // The rows of ticks shown before move down as they are; only as many as there are new ticks are written.
    const added = isContinued && this.#isTail(ticks, shownAt) ? Math.min(ROWS, newest - shownAt) : ROWS;
    const fresh = added === 0 ? [] : this.#rows.splice(-added);
    fresh.forEach((row, at) => {
      row.show(ticks[newest - at], ticks[newest - at - 1], look, clock);
    });
    this.#rows.unshift(...fresh);
    this.#rowsElement.prepend(...fresh.map(({ element }) => element));
    this.#shown = ticks;
    this.#newest = ticks[newest];
    this.#look = look;
  }

  /** Whether the ticks up to `at` are those that are shown. */
  #isTail(ticks: readonly PageTick[], at: number): boolean {
    const shown = this.#shown ?? [];
    const last = shown.length - 1;
    return Array.from({ length: ROWS }, (_, back) => back).every((back) => ticks[at - back] === shown[last - back]);
  }
}
