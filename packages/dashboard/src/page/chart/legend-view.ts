import type { ChartBar } from "../bars/chart-bar.js";
import { type BarDating, barDateText } from "../format/bar-date.js";
import { changeText, priceText } from "../format/price.js";
import { fullDateText, secondText } from "../format/time.js";
import { ZONES, type ZoneName } from "../format/zone.js";
import { type PageTick, secondsOf } from "../ticks/tick.js";
import { byId, h, setAttribute, setText } from "../view/dom.js";

const FIELDS = ["open", "high", "low", "close"] as const;

/** Of what something is not known: why bars begin late, older ones that are waited for, what is wrong with them, the compared ones. */
const NOTE_KINDS = ["reach", "waiting", "gaps", "compared"] as const;
export type NoteKind = (typeof NOTE_KINDS)[number];

/** The exact values of the bar under the crosshair, or of the newest one. */
export class LegendView {
  readonly #title = h("span", { class: "legend-title" });
  readonly #time = h("span", { class: "legend-time" });
  readonly #values = FIELDS.map(() => h("b"));
  readonly #change = h("b");
  readonly #count = h("b");
  readonly #price = h("b");
  readonly #notes = h("div", { class: "legend-notes", role: "status" });
  readonly #noteTexts: Partial<Record<NoteKind, string>> = {};
  readonly #outage = h("button", { type: "button", class: "legend-outage", title: "Show it" });
  readonly #root = byId("legend");

  /** @param onOutage the last outage is to be shown */
  constructor(onOutage: () => void) {
    this.#outage.hidden = true;
    this.#outage.addEventListener("click", onOutage);
    const fields = FIELDS.map((field, at) => entry(field[0]?.toUpperCase() ?? "", this.#values[at] ?? ""));
    const head = h("div", {}, this.#title, this.#time);
    const bar = h("div", { class: "legend-values legend-bar" }, ...fields, this.#change, entry("Ticks", this.#count));
    const tick = h("div", { class: "legend-values legend-tick" }, entry("Price", this.#price));
    this.#root.append(head, bar, tick, this.#outage, this.#notes);
  }

  /** Of what the chart is, and of when. */
  get heading(): string {
    return `${this.#title.textContent} · ${this.#time.textContent}`;
  }

  /** What it shows, in one sentence for those who hear it. */
  get text(): string {
    const shown = this.#root.dataset.mode === "tick" ? [this.#price] : [...this.#values, this.#change, this.#count];
    const names = this.#root.dataset.mode === "tick" ? ["price"] : [...FIELDS, "change", "ticks"];
    const values = shown.map((value, at) => `${names[at]} ${value.textContent}`);
    return [this.#time.textContent, ...values].join(", ");
  }

  /** The last outage in words; empty when there is none. */
  showOutage(text: string): void {
    setText(this.#outage, text);
    this.#outage.hidden = text === "";
  }

  /** What is not known of the bars; empty when nothing is. */
  showNote(kind: NoteKind, text: string): void {
    this.#noteTexts[kind] = text;
    setText(this.#notes, NOTE_KINDS.flatMap((one) => this.#noteTexts[one] || []).join(". "));
  }

  showTitle(text: string): void {
    setText(this.#title, text);
  }

  showBar(bar: ChartBar | undefined, decimals: number, dating: BarDating): void {
    setAttribute(this.#root, "data-mode", bar === undefined ? "none" : "bar");
    if (bar === undefined) return;
    setText(this.#time, barDateText(bar, dating));
    FIELDS.forEach((field, at) => {
      const value = this.#values[at];
      if (value !== undefined) setText(value, Number.isNaN(bar[field]) ? "–" : priceText(bar[field], decimals));
    });
    setText(this.#change, Number.isNaN(bar.open) ? "" : changeText(bar.open, bar.close));
    setText(this.#count, bar.count.toLocaleString("en"));
    setAttribute(this.#root, "data-direction", bar.close >= bar.open ? "up" : "down");
  }

  showTick(tick: PageTick | undefined, decimals: number, zone: ZoneName): void {
    setAttribute(this.#root, "data-mode", "tick");
    setText(this.#time, tick === undefined ? "" : tickTimeText(tick.time, zone));
    setText(this.#price, tick === undefined ? "" : priceText(tick.price, decimals));
  }
}

const MICROSECONDS_FROM = "2026-01-01T00:00:00".length;

/** To the microsecond. */
function tickTimeText(time: string, zone: ZoneName): string {
  const seconds = Math.floor(secondsOf(time));
  const fraction = time.slice(MICROSECONDS_FROM, -1);
  return `${fullDateText(seconds, zone)} ${secondText(seconds, zone)}${fraction} ${ZONES[zone].text}`;
}

function entry(name: string, value: Node | string): HTMLElement {
  return h("span", { class: "legend-entry" }, h("span", {}, name), value);
}
