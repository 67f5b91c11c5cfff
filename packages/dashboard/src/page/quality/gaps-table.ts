import type { GapJson } from "@fx-ohlc/client";
import { spanText } from "../format/time.js";
import { type ChartLink, stampText } from "../revisions/revisions-table.js";
import { type Column, DataTable } from "../table/data-table.js";
import { h } from "../view/dom.js";
import { REASON_TEXTS } from "./minutes.js";

/** A chart shows so much on each side of a gap, or as much as it is long. */
const MARGIN_MIN_MS = 30 * 60_000;

/** The address of the chart around a gap. */
export function gapAddress(address: ChartLink, symbol: string, fromMs: number, toMs: number): string {
  const marginMs = Math.max(MARGIN_MIN_MS, toMs - fromMs);
  return address(symbol, fromMs - marginMs, toMs + marginMs);
}

/** The gaps of one symbol, the longest first. */
export function gapsTable(address: ChartLink): DataTable<GapJson> {
  const link = ({ symbol, from, to }: GapJson): HTMLElement => {
    const href = gapAddress(address, symbol, Date.parse(from), Date.parse(to));
    return h("a", { href, title: `Show ${symbol} there` }, stampText(from).slice(0, -":00".length));
  };
  const columns: readonly Column<GapJson>[] = [
    { name: "from", label: "From (UTC)", startsDescending: true, cell: link, value: ({ from }) => from },
    { name: "to", label: "To (UTC)", cell: ({ to }) => stampText(to).slice(0, -":00".length), value: ({ to }) => to },
    {
      name: "length",
      label: "Length",
      startsDescending: true,
      cell: ({ seconds }) => spanText(seconds),
      value: ({ seconds }) => seconds,
    },
    {
      name: "reason",
      label: "Why",
      cell: ({ reason }) => REASON_TEXTS[reason],
      value: ({ reason }) => reason,
      tone: ({ reason }) => (reason === "feed_down" ? "bad" : "warn"),
    },
  ];
  return new DataTable({ name: "gaps", label: "Gaps", columns, keyOf: ({ from, symbol }) => `${symbol} ${from}` });
}

export function longestFirst(gaps: readonly GapJson[]): readonly GapJson[] {
  return gaps
    .filter(({ reason }) => reason !== "market_closed")
    .toSorted((a, b) => b.seconds - a.seconds || b.from.localeCompare(a.from));
}
