import { byId, h, setAttribute, setText } from "../view/dom.js";
import type { PlacedBreak } from "./break-marks.js";

/** The name of a day, and what was changed of it, where the day begins on the screen. */
export interface PlacedDay {
  readonly x: number;
  readonly name: string;
  /** Ticks that were corrected or deleted. */
  readonly corrected: number;
  /** The mark of one bar, which is a day or more: it stays at the bar, and needs no name. */
  readonly isBar: boolean;
}

/** Narrower outages have their words upright, and below the second width none that could be read. */
const FLAT_MIN = 66;
const UPRIGHT_MIN = 13;
/** About what a character takes, and what is around a name. */
const CHARACTER = 6.3;
const PADDING = 18;
const EDGE = 6;

interface Label {
  readonly left: number;
  readonly width: number;
  readonly day: PlacedDay;
}

/** What is written over the chart, as text of the page: how long outages are, and the days with what was corrected of them. */
export class NotesView {
  readonly #root = byId("notes");
  /** The legend keeps within the pane, too. */
  readonly #box = byId("chart-box");
  #shown = "";

  /** @param width and height of the pane with the prices */
  place(breaks: readonly PlacedBreak[], days: readonly PlacedDay[], width: number, height: number): void {
    const labels = labelsOf(days, width);
    const key = JSON.stringify([breaks, labels, width, height]);
    if (key === this.#shown) return;
    this.#shown = key;
    this.#box.style.setProperty("--pane", `${width}px`);
    this.#root.style.width = `${width}px`;
    this.#root.style.height = `${height}px`;
    const outages = breaks.filter(({ text }) => text !== "");
    this.#fill("note-break", outages.length, (element, at) => placeBreak(element, outages[at], width));
    this.#fill("note-day", labels.length, (element, at) => placeDay(element, labels[at]));
  }

  /** As many elements of a class as are wanted, those from before first. */
  #fill(name: string, count: number, show: (element: HTMLElement, at: number) => void): void {
    const known = [...this.#root.querySelectorAll<HTMLElement>(`.${name}`)];
    for (const extra of known.slice(count)) extra.remove();
    for (let at = 0; at < count; at += 1) {
      const element = known[at] ?? h("div", { class: name });
      if (known[at] === undefined) this.#root.append(element);
      show(element, at);
    }
  }
}

function placeBreak(element: HTMLElement, placed: PlacedBreak | undefined, width: number): void {
  if (placed === undefined) return;
  const left = Math.max(0, placed.left);
  const room = Math.min(width, placed.right) - left;
  setText(element, placed.text);
  const full = placed.right - placed.left;
  setAttribute(element, "data-room", full >= FLAT_MIN ? "flat" : full >= UPRIGHT_MIN ? "upright" : "none");
  element.style.left = `${left}px`;
  element.style.width = `${room}px`;
}

function placeDay(element: HTMLElement, label: Label | undefined): void {
  if (label === undefined) return;
  const text = textOf(label.day);
  if (element.textContent !== text) {
    const { name, corrected, isBar } = label.day;
    const count = corrected > 0 ? [h("b", { class: "note-count" }, correctedText(corrected))] : [];
    element.replaceChildren(...(isBar ? [] : [h("span", {}, name)]), ...count);
  }
  element.style.left = `${label.left}px`;
}

function correctedText(count: number): string {
  return `${count.toLocaleString("en")} corrected`;
}

function textOf({ name, corrected, isBar }: PlacedDay): string {
  return `${isBar ? "" : name}${corrected > 0 ? correctedText(corrected) : ""}`;
}

/** Labels that do not touch: days that were corrected first, then the others where there is room; the first stays in sight. */
export function labelsOf(days: readonly PlacedDay[], width: number): readonly Label[] {
  const within = days.filter(({ x }, at) => x < width && (days[at + 1]?.x ?? width) > 0);
  const labels = within.map((day): Label => {
    const size = textOf(day).length * CHARACTER + PADDING;
    return { left: day.isBar ? day.x - size / 2 : Math.max(EDGE, day.x + EDGE), width: size, day };
  });
  const taken: Label[] = [];
  for (const label of [...labels].sort((a, b) => b.day.corrected - a.day.corrected)) {
    const touches = taken.some((one) => one.left < label.left + label.width && label.left < one.left + one.width);
    if (!touches && label.left + label.width <= width + PADDING) taken.push(label);
  }
  return taken.sort((a, b) => a.left - b.left);
}
