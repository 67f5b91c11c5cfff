import type { GapJson } from "@fx-ohlc/client";
import { dateText, spanText } from "../format/time.js";
import type { ChartLink } from "../revisions/revisions-table.js";
import { h } from "../view/dom.js";
import {
  DAY_MINUTES,
  DAY_MS,
  daysOf,
  GAP_REASONS,
  type MinuteRange,
  type QualityDay,
  REASON_TEXTS,
  shareText,
} from "./minutes.js";
import { strip } from "./strip.js";

const HOURS = ["00", "06", "12", "18", "24"];
/** On each side of the moment that was pointed at. */
const AROUND_MS = 3_600_000;

/** A day a line, the latest first, each minute in its place; whoever points at one goes to the chart there. */
export class CalendarView {
  readonly element = h("div", { class: "calendar" });
  readonly #days = h("ol", { class: "calendar-days" });

  constructor(private readonly address: ChartLink) {
    const hours = HOURS.map((hour) => h("span", {}, hour));
    const scale = h(
      "div",
      { class: "calendar-scale", "aria-hidden": "true" },
      h("span", { class: "calendar-hours" }, ...hours),
    );
    this.element.append(legend(), scale, this.#days);
  }

  show(symbol: string, gaps: readonly GapJson[], range: MinuteRange): void {
    const days = daysOf(gaps, range).map((day) => h("li", {}, this.#day(symbol, day)));
    this.#days.replaceChildren(...days);
  }

  clear(): void {
    this.#days.replaceChildren();
  }

  #day(symbol: string, day: QualityDay): HTMLElement {
    const { startMs, from, to, open, present } = day;
    const name = dateText(startMs / 1_000);
    const href = this.address(symbol, startMs, startMs + DAY_MS);
    const drawn = strip(day.stretches, { minutes: DAY_MINUTES, from, to });
    const link = h(
      "a",
      { class: "calendar-day", href, title: `${dayText(day)}: show the chart there` },
      h("span", { class: "calendar-date" }, name),
      drawn,
      h("span", { class: "calendar-share", "data-whole": String(present === open) }, shareText(present, open)),
      h("span", { class: "hidden" }, dayText(day)),
    );
    // By mouse it is a moment of the day that is gone to, by keyboard the day.
    link.addEventListener("click", ({ clientX, detail }) => {
      const { left, width } = drawn.getBoundingClientRect();
      const share = (clientX - left) / width;
      if (detail === 0 || share < 0 || share > 1) return;
      const atMs = startMs + share * DAY_MS;
      link.href = this.address(symbol, atMs - AROUND_MS, atMs + AROUND_MS);
    });
    return link;
  }
}

/** `1,230 of 1,440 minutes present, 3 gaps, 3 h 30 min`. */
function dayText({ open, present, gaps }: QualityDay): string {
  if (open === 0) return "the market was closed";
  const minutes = `${present.toLocaleString("en")} of ${open.toLocaleString("en")} minutes present`;
  return gaps === 0 ? minutes : `${minutes}, ${gaps} gap${gaps === 1 ? "" : "s"}, ${spanText((open - present) * 60)}`;
}

function legend(): HTMLElement {
  const present = h("li", {}, strip([], { minutes: 1 }), "Ticks");
  const reasons = GAP_REASONS.map((reason) =>
    h("li", {}, strip([{ from: 0, to: 1, reason }], { minutes: 1 }), REASON_TEXTS[reason]),
  );
  return h("ul", { class: "calendar-legend" }, present, ...reasons);
}
