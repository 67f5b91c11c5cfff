import type { QualityJson } from "@fx-ohlc/client";
import { spanText } from "../format/time.js";
import { AccessNote } from "../pages/access-note.js";
import type { PageContext } from "../pages/page-view.js";
import { newsFirst } from "../revisions/revisions.js";
import { type ChartLink, revisionsTable, stampText } from "../revisions/revisions-table.js";
import { h, setText } from "../view/dom.js";
import { CalendarView } from "./calendar.js";
import { gapAddress, gapsTable, longestFirst } from "./gaps-table.js";
import { type MinuteRange, shareText } from "./minutes.js";
import type { SymbolQuality } from "./quality-source.js";

/** One symbol, looked at closely: its days, its gaps, and what was done to its ticks. */
export class SymbolView {
  readonly element = h("section", { class: "panel quality-symbol", "aria-label": "The chosen symbol" });
  readonly note: AccessNote;
  readonly #name = h("h2", { class: "panel-title" });
  readonly #facts = h("dl", { class: "quality-facts" });
  readonly #calendar: CalendarView;
  readonly #gaps;
  readonly #revisions;
  readonly #noGaps = h("p", { class: "panel-message" });
  readonly #noRevisions = h("p", { class: "panel-message" });
  readonly #address: ChartLink;

  constructor({ chartAddress, signIn }: PageContext) {
    this.#address = chartAddress;
    this.#calendar = new CalendarView(chartAddress);
    this.#gaps = gapsTable(chartAddress);
    this.#revisions = revisionsTable("of-symbol", "Corrections and late ticks", chartAddress, true);
    this.note = new AccessNote("This symbol", "read", signIn);
    const title = (text: string): HTMLElement => h("h3", { class: "panel-title" }, text);
    this.element.append(this.#name, this.note.element, this.#facts, this.#calendar.element);
    this.element.append(title("Gaps"), this.#noGaps, this.#gaps.element);
    this.element.append(title("Corrections and late ticks"), this.#noRevisions, this.#revisions.element);
  }

  /** @param row undefined while it is not known */
  showFacts(symbol: string | undefined, row: QualityJson | undefined): void {
    setText(this.#name, symbol ?? "No symbol yet");
    const facts = row === undefined ? [] : factsOf(row, this.#address);
    const items = facts.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)));
    this.#facts.replaceChildren(...items);
  }

  show(symbol: string, { gaps, revisions }: SymbolQuality, range: MinuteRange): void {
    this.#calendar.show(symbol, gaps, range);
    const longest = longestFirst(gaps);
    this.#gaps.element.hidden = longest.length === 0;
    this.#gaps.show(longest);
    setText(this.#noGaps, longest.length === 0 ? "No minute is missing." : "");
    this.#revisions.element.hidden = revisions.length === 0;
    this.#revisions.show(newsFirst(revisions));
    setText(this.#noRevisions, revisions.length === 0 ? "Nothing was corrected or came late." : "");
  }

  clear(): void {
    this.#calendar.clear();
    for (const { element } of [this.#gaps, this.#revisions]) element.hidden = true;
    for (const text of [this.#noGaps, this.#noRevisions]) setText(text, "…");
  }
}

function factsOf(row: QualityJson, address: ChartLink): readonly [string, string | Node][] {
  const { open_s: open, gap_s: gap, late_ticks: late } = row;
  const number = (value: number): string => value.toLocaleString("en");
  return [
    ["Minutes present", shareText(open - gap, open)],
    ["Missing", gap === 0 ? "nothing" : `${spanText(gap)} in ${number(row.gaps)} gap${row.gaps === 1 ? "" : "s"}`],
    ["Feeds down", row.down_s === 0 ? "never" : spanText(row.down_s)],
    ["Longest silence", silence(row, address)],
    ["Late ticks", late === null ? "not counted" : number(late)],
    ["Corrected or deleted", number(row.corrections)],
    ["Crossed quotes", `in ${number(row.crossed_minutes)} min`],
    ["Ticks", `${number(row.tick_count)}, ${number(row.quote_count)} quotes`],
  ];
}

function silence(row: QualityJson, address: ChartLink): string | Node {
  const { symbol, longest_silence_s: seconds, longest_silence_from: from } = row;
  if (from === null) return "none";
  const fromMs = Date.parse(from);
  const href = gapAddress(address, symbol, fromMs, fromMs + seconds * 1_000);
  return h("a", { href }, `${spanText(seconds)}, ${stampText(from).slice(0, -":00".length)} UTC`);
}
