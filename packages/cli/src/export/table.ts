import type { BarJson, TickJson } from "@fx-ohlc/client";
import { type Interval, isOfDays } from "@fx-ohlc/schemas";

/** A column of a file, by what it holds. Times are as on the wire, dates YYYY-MM-DD, counts whole numbers; sides only quotes have. */
export type Column<Row> = { readonly name: string } & (
  | { readonly kind: "time" | "date" | "text"; of(row: Row): string }
  | { readonly kind: "price" | "count"; of(row: Row): number }
  | { readonly kind: "side"; of(row: Row): number | undefined }
  | { readonly kind: "flag"; of(row: Row): boolean }
);

const PRICE_COLUMNS: readonly Column<TickJson>[] = [
  { name: "time", kind: "time", of: ({ time }) => time },
  { name: "symbol", kind: "text", of: ({ symbol }) => symbol },
  { name: "price", kind: "price", of: ({ price }) => price },
  { name: "seq", kind: "count", of: ({ seq }) => seq },
];

const SIDE_COLUMNS: readonly Column<TickJson>[] = [
  { name: "bid", kind: "side", of: ({ bid }) => bid },
  { name: "ask", kind: "side", of: ({ ask }) => ask },
];

/** As `GET /ticks` writes them: with sides of a symbol that ever had quotes. */
export function tickColumns(hasQuotes: boolean): readonly Column<TickJson>[] {
  return hasQuotes ? [...PRICE_COLUMNS, ...SIDE_COLUMNS] : PRICE_COLUMNS;
}

const BAR_COLUMNS: readonly Column<BarJson>[] = [
  { name: "bucket", kind: "time", of: ({ bucket }) => bucket },
  { name: "symbol", kind: "text", of: ({ symbol }) => symbol },
  { name: "open", kind: "price", of: ({ open }) => open },
  { name: "high", kind: "price", of: ({ high }) => high },
  { name: "low", kind: "price", of: ({ low }) => low },
  { name: "close", kind: "price", of: ({ close }) => close },
  { name: "tick_count", kind: "count", of: (bar) => bar.tick_count },
  { name: "complete", kind: "flag", of: ({ complete }) => complete },
];

/** @throws Error when the service does not say it: the day that a bucket begins on is not the one that it is named by */
function dateOf({ date, bucket }: BarJson): string {
  if (date === undefined) throw new Error(`the service does not say the date of the bar of ${bucket}`);
  return date;
}

/** The name of a bar's FX day, or of its first one. */
const DATE_COLUMN: Column<BarJson> = { name: "date", kind: "date", of: dateOf };

/** Bars of a day and more have a date. */
export function barColumns(interval: Interval): readonly Column<BarJson>[] {
  return isOfDays(interval) ? [...BAR_COLUMNS, DATE_COLUMN] : BAR_COLUMNS;
}
