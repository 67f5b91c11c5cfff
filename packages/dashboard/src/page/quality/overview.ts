import type { GapJson, QualityJson } from "@fx-ohlc/client";
import { spanText } from "../format/time.js";
import { type Column, DataTable } from "../table/data-table.js";
import { h } from "../view/dom.js";
import { type MinuteRange, shareText, stretchesOf } from "./minutes.js";
import { strip } from "./strip.js";

/** From so much on a symbol's missing minutes are bad. */
const BAD_GAP_S = 3_600;

const count = (value: number | null): string => (value === null ? "?" : value === 0 ? "–" : value.toLocaleString("en"));
const span = (seconds: number): string => (seconds === 0 ? "–" : spanText(seconds));
const gapTone = (seconds: number): string | undefined =>
  seconds >= BAD_GAP_S ? "bad" : seconds > 0 ? "warn" : undefined;
const countTone = (value: number | null): string | undefined => (value ? "warn" : undefined);

/** The symbols with the most missing first. */
export function mostMissingFirst(rows: readonly QualityJson[]): readonly QualityJson[] {
  const share = ({ gap_s, open_s }: QualityJson): number => (open_s === 0 ? 0 : gap_s / open_s);
  return rows.toSorted(
    (a, b) => share(b) - share(a) || b.corrections - a.corrections || a.symbol.localeCompare(b.symbol),
  );
}

/** The strips of the list, each read when its row comes near. */
class Strips {
  readonly #boxes = new Map<string, HTMLElement>();

  of(symbol: string): HTMLElement {
    const known = this.#boxes.get(symbol);
    if (known !== undefined) return known;
    const box = h("span", { class: "strip-box", "data-state": "loading" });
    this.#boxes.set(symbol, box);
    return box;
  }

  /** @param looked what of the whole range was looked at */
  fill(symbol: string, gaps: readonly GapJson[], whole: MinuteRange, looked: MinuteRange): void {
    const box = this.of(symbol);
    const minuteOf = (ms: number): number => (ms - whole.fromMs) / 60_000;
    box.dataset.state = "ready";
    box.replaceChildren(
      strip(stretchesOf(gaps, whole), { minutes: minuteOf(whole.toMs), from: minuteOf(looked.fromMs) }),
    );
  }

  clear(): void {
    this.#boxes.clear();
  }
}

function columnsOf(strips: Strips): readonly Column<QualityJson>[] {
  const number = (
    name: keyof QualityJson & string,
    label: string,
    title: string,
    cell: (row: QualityJson) => string,
    tone: (row: QualityJson) => string | undefined,
  ): Column<QualityJson> => ({
    name,
    label,
    title,
    startsDescending: true,
    cell,
    tone,
    value: (row) => row[name] ?? undefined,
  });
  return [
    { name: "symbol", label: "Symbol", cell: ({ symbol }) => symbol, value: ({ symbol }) => symbol },
    { name: "strip", label: "Minutes present", isPlain: true, cell: ({ symbol }) => strips.of(symbol) },
    {
      name: "share",
      label: "Present",
      title: "Minutes with ticks, of those in which the market was open",
      cell: ({ open_s: open, gap_s: gap }) => shareText(open - gap, open),
      value: ({ open_s: open, gap_s: gap }) => (open === 0 ? undefined : 1 - gap / open),
    },
    number(
      "gaps",
      "Gaps",
      "How many gaps there are, and how long they are together",
      ({ gaps, gap_s: s }) => (gaps === 0 ? "–" : `${gaps.toLocaleString("en")} · ${spanText(s)}`),
      ({ gap_s: s }) => gapTone(s),
    ),
    number(
      "down_s",
      "Down",
      "How long every feed was down",
      ({ down_s: s }) => span(s),
      ({ down_s: s }) => gapTone(s),
    ),
    number(
      "longest_silence_s",
      "Silence",
      "The longest time without a tick",
      ({ longest_silence_s: s }) => span(s),
      ({ longest_silence_s: s }) => gapTone(s),
    ),
    number(
      "late_ticks",
      "Late",
      "Ticks that were stored over five minutes late",
      ({ late_ticks: late }) => count(late),
      () => undefined,
    ),
    number(
      "corrections",
      "Corr.",
      "Ticks that were corrected or deleted",
      ({ corrections }) => count(corrections),
      ({ corrections }) => countTone(corrections),
    ),
    number(
      "crossed_minutes",
      "Crossed",
      "Minutes in which a quote had its ask below its bid",
      ({ crossed_minutes: crossed }) => count(crossed),
      ({ crossed_minutes: crossed }) => countTone(crossed),
    ),
  ];
}

/** Every symbol with how whole it is. */
export class OverviewTable {
  readonly element: HTMLElement;
  readonly #strips = new Strips();
  readonly #table: DataTable<QualityJson>;

  /** @param onNear a row came near to sight: its strip is worth reading */
  constructor(onChoose: (symbol: string) => void, onNear: (symbol: string) => void) {
    this.#table = new DataTable<QualityJson>({
      name: "quality",
      label: "Symbols",
      columns: columnsOf(this.#strips),
      keyOf: ({ symbol }) => symbol,
      onChoose: ({ symbol }) => onChoose(symbol),
      onNear: ({ symbol }) => onNear(symbol),
    });
    this.element = this.#table.element;
  }

  show(rows: readonly QualityJson[]): void {
    if (rows.length === 0) this.#strips.clear();
    this.#table.show(mostMissingFirst(rows));
  }

  choose(symbol: string | undefined): void {
    this.#table.choose(symbol);
  }

  fillStrip(symbol: string, gaps: readonly GapJson[], whole: MinuteRange, looked: MinuteRange): void {
    this.#strips.fill(symbol, gaps, whole, looked);
  }
}
