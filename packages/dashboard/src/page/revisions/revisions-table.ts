import type { RevisionJson } from "@fx-ohlc/client";
import { secondText, yearlyDateText } from "../format/time.js";
import { type Column, DataTable } from "../table/data-table.js";
import { h } from "../view/dom.js";
import { doneText, valuesText } from "./revisions.js";

/** Around what was changed, on a chart: enough to see what it lies among. */
const MARGIN_MS = 30 * 60_000;

export type ChartLink = (symbol: string, fromMs: number, toMs: number) => string;

/** `Tue 24 Nov 10:21:05`, of another year `24 Nov 2025 10:21:05`; in UTC. */
export function stampText(time: string, nowMs = Date.now()): string {
  const seconds = Date.parse(time) / 1_000;
  return `${yearlyDateText(seconds, nowMs / 1_000)} ${secondText(seconds)}`;
}

function place(address: ChartLink, { symbol, from, to }: RevisionJson): HTMLElement {
  const href = address(symbol, Date.parse(from) - MARGIN_MS, Date.parse(to) + MARGIN_MS);
  return h("a", { href, title: `Show ${symbol} there` }, stampText(from));
}

/**
 * Corrections and late ticks: when, what, of which time, by whom and why.
 *
 * @param isOfOne whether all of them are of one symbol, which then needs no column
 */
export function revisionsTable(
  name: string,
  label: string,
  address: ChartLink,
  isOfOne = false,
): DataTable<RevisionJson> {
  const symbolColumn: Column<RevisionJson> = {
    name: "symbol",
    label: "Symbol",
    cell: ({ symbol }) => symbol,
    value: ({ symbol }) => symbol,
  };
  const columns: readonly Column<RevisionJson>[] = [
    { name: "at", label: "When (UTC)", startsDescending: true, cell: ({ at }) => stampText(at), value: ({ at }) => at },
    ...(isOfOne ? [] : [symbolColumn]),
    {
      name: "what",
      label: "What",
      cell: (row) => doneText(row),
      value: ({ kind }) => kind,
      tone: ({ kind }) => (kind === "late" ? undefined : "warn"),
    },
    { name: "of", label: "Of the time (UTC)", cell: (row) => place(address, row), value: ({ from }) => from },
    { name: "by", label: "By", cell: ({ by }) => by ?? "–", value: ({ by }) => by ?? undefined },
    {
      name: "reason",
      label: "Why",
      cell: (row) => [row.reason, valuesText(row)].filter(Boolean).join(" · ") || "–",
      value: ({ reason }) => reason ?? undefined,
    },
  ];
  return new DataTable({ name, label, columns, keyOf: ({ id }) => String(id) });
}
