import type { BarFormat, BarPrice, IncludedName } from "@fx-ohlc/schemas";

/** In what form bars are answered. There is one object of each, so that what is kept in it is found by it. */
export interface BarForm {
  /** Tells it from all others. */
  readonly key: string;
  readonly format: BarFormat;
  /** What open, high, low and close are of. */
  readonly price: BarPrice;
  /** What of the quotes in a bar stands beside them. */
  readonly include: readonly IncludedName[];
  /** Whether any of it is of quotes: then the bars must hold them. */
  readonly withQuotes: boolean;
}

const forms = new Map<string, BarForm>();

/**
 * @param asked a Parquet file has the columns of CSV
 * @param price the tick's own when absent, which of a quote is the mid of its sides
 * @param include each once, always in the same order
 */
export function formOf(
  asked: BarFormat | "parquet",
  price: BarPrice = "mid",
  include: readonly IncludedName[] = [],
): BarForm {
  const format = asked === "parquet" ? "csv" : asked;
  const withQuotes = price !== "mid" || include.length > 0;
  const key = withQuotes ? `${format} ${price} ${include.join()}` : format;
  const known = forms.get(key);
  if (known !== undefined) return known;
  const form = { key, format, price, include, withQuotes };
  forms.set(key, form);
  return form;
}
