import type { DayBoundary, Micros } from "@fx-ohlc/schemas";
import { barJsonRows } from "../bars/bars-json.js";
import type { BarForm } from "./bar-form.js";
import { type BarRows, barTable, ccxtTable } from "./bar-table.js";
import { type EncodedRows, encodeRows } from "./encoded-rows.js";
import type { Table } from "./table.js";
import { jsonCell, WRITERS } from "./table-text.js";

/** What the rows of one symbol's bars say besides the bars. */
export interface RowsContext {
  readonly symbol: string;
  /** All symbols of the answer, where there are others. */
  readonly symbols?: readonly string[];
  /** Bars that start before it are complete. */
  readonly runningUs: Micros;
  /** Given for bars of a day or more: their names are added. */
  readonly dayBoundary: DayBoundary | undefined;
}

/** Bars in a form: the rows, or, of `columns`, the values of each column. */
export type EncodedBars = readonly EncodedRows[];

/** The bars of one symbol as a table. */
export function tableOf(bars: BarRows, form: BarForm, context: RowsContext): Table {
  const { symbol, symbols = [symbol] } = context;
  return form.format === "ccxt"
    ? ccxtTable(bars, form)
    : barTable(bars, form, { ...context, symbol: () => symbol, symbols });
}

/** The bars at the places [from, to). */
export function encodeBars(
  bars: BarRows,
  [from, to]: readonly [number, number],
  form: BarForm,
  context: RowsContext,
): EncodedBars {
  const { format } = form;
  if (format === "json" && !form.withQuotes) {
    const row = barJsonRows(bars, context.symbol, context);
    return [encodeRows(from, to, (place) => `,${row(place)}`)];
  }
  const table = tableOf(bars, form, context);
  if (format === "columns") {
    return table.columns.map(({ cell }) => encodeRows(from, to, (place) => `,${jsonCell(cell(place))}`));
  }
  const { separator, rows } = WRITERS[format];
  const row = rows(table);
  return [encodeRows(from, to, (place) => separator + row(place))];
}
