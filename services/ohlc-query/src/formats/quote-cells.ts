import { averageOf, type IncludedName, type Side } from "@fx-ohlc/schemas";
import { spreadSumAt } from "../bars/fold-quotes.js";
import type { QuoteColumn, QuoteColumns } from "../bars/quote-columns.js";
import type { BarForm } from "./bar-form.js";
import type { Column } from "./table.js";

type Quotes = QuoteColumns | undefined;

/** Which column holds what of a side. */
export const SIDES = {
  bid: { open: "bidOpen", high: "bidHigh", low: "bidLow", close: "bidClose" },
  ask: { open: "askOpen", high: "askHigh", low: "askLow", close: "askClose" },
} as const satisfies Readonly<Record<Side, Readonly<Record<string, QuoteColumn>>>>;

/** Null in bars without it. */
function quoteColumn(name: string, quotes: Quotes, of: QuoteColumn): Column {
  const values = quotes?.[of];
  return {
    name,
    cell: (row) => {
      const value = values?.[row] ?? Number.NaN;
      return Number.isNaN(value) ? null : value;
    },
  };
}

/** Open, high, low and close of one side. */
export function sideColumns(side: Side, quotes: Quotes, prefix = ""): Column[] {
  return Object.entries(SIDES[side]).map(([name, of]) => quoteColumn(prefix + name, quotes, of));
}

function spreadColumns(quotes: Quotes): Column[] {
  const average = (row: number) => {
    const count = quotes?.quoteCount[row] ?? 0;
    return quotes === undefined || count === 0 ? null : averageOf(spreadSumAt(quotes, row), count);
  };
  return [
    { name: "spread_avg", cell: average },
    quoteColumn("spread_min", quotes, "spreadMin"),
    quoteColumn("spread_max", quotes, "spreadMax"),
  ];
}

function includedColumns(name: IncludedName, quotes: Quotes): Column[] {
  return name === "spread" ? spreadColumns(quotes) : sideColumns(name, quotes, `${name}_`);
}

/** What stands beside the prices in a form. */
export function columnsBeside({ include }: BarForm, quotes: Quotes): Column[] {
  if (include.length === 0) return [];
  const count: Column = { name: "quote_count", cell: (row) => quotes?.quoteCount[row] || null };
  return [...include.flatMap((name) => includedColumns(name, quotes)), count];
}
