import { type Bar, type DayBoundary, formatBucket, formatTime, fxDayName, type Micros } from "@fx-ohlc/schemas";
import { type BarColumns, eachColumn } from "../bars/bar-columns.js";
import { EMPTY_REASONS } from "../bars/empty-reasons.js";
import { eachQuoteColumn, noQuote, type QuoteColumn } from "../bars/quote-columns.js";
import type { BarForm } from "./bar-form.js";
import { columnsBeside, sideColumns } from "./quote-cells.js";
import { type Cell, type Column, column, type Table, timesColumn } from "./table.js";

type Prices = Readonly<Record<"open" | "high" | "low" | "close", ArrayLike<number | null>>>;

/** Bars as they are answered: some may be empty buckets without prices. */
export interface BarRows extends Prices, Pick<BarColumns, "bucketUs" | "tickCount" | "quotes"> {
  /** Why a bucket is empty; null where it is not. Absent where empty buckets are left out. */
  readonly empty?: ArrayLike<string | null>;
  /** Of bars of ticks, which begin at the place of one and not with a bucket. */
  readonly ofTicks?: { readonly seq: ArrayLike<number>; readonly isComplete: ArrayLike<boolean> };
}

/** A bar, and what quotes were in it where that was asked for. */
export interface BarWithQuotes extends Bar {
  readonly quotes?: Readonly<Record<QuoteColumn, number>>;
}

/** Bars of any symbols as rows. */
export function barRows(bars: readonly BarWithQuotes[]): BarRows {
  const prices = eachColumn((name) => bars.map((bar) => bar[name]));
  if (bars.every(({ quotes }) => quotes === undefined)) return prices;
  return { ...prices, quotes: eachQuoteColumn((name) => bars.map((bar) => bar.quotes?.[name] ?? noQuote(name))) };
}

/** What an answer says about each bar besides its columns. */
export interface BarsContext {
  readonly symbol: (row: number) => string;
  /** All symbols of the answer. */
  readonly symbols: readonly string[];
  /** Bars that start before it are complete: the start of the bucket that runs now. */
  readonly runningUs: Micros;
  /** Given for bars of a day or more: their names are added. */
  readonly dayBoundary: DayBoundary | undefined;
}

function priceColumns({ open, high, low, close, tickCount, quotes }: BarRows, { price }: BarForm): Column[] {
  const count = column("tick_count", tickCount);
  if (price !== "mid") return [...sideColumns(price, quotes), count];
  return [column("open", open), column("high", high), column("low", low), column("close", close), count];
}

/** Bars with the names of the contract. */
export function barTable(
  bars: BarRows,
  form: BarForm,
  { symbol, symbols, runningUs, dayBoundary }: BarsContext,
): Table {
  const { bucketUs, ofTicks } = bars;
  const ofBucket = (name: string, cell: (bucketUs: Micros) => Cell): Column => ({
    name,
    cell: (row) => cell(bucketUs[row] ?? 0),
  });
  const columns = [
    timesColumn("bucket", bucketUs, ofTicks === undefined ? formatBucket : formatTime),
    { name: "symbol", cell: symbol, words: symbols },
    ...priceColumns(bars, form),
    ofTicks === undefined ? ofBucket("complete", (us) => us < runningUs) : column("complete", ofTicks.isComplete),
  ];
  if (ofTicks !== undefined) columns.push(column("seq", ofTicks.seq));
  if (dayBoundary !== undefined) columns.push(ofBucket("date", (us) => fxDayName(us, dayBoundary)));
  columns.push(...columnsBeside(form, bars.quotes));
  if (bars.empty !== undefined) columns.push({ ...column("empty", bars.empty), sparse: true, words: EMPTY_REASONS });
  return { rows: bucketUs.length, columns };
}

/** Bars as ccxt's `fetchOHLCV` has them: milliseconds, prices, and the count of ticks as the volume. */
export function ccxtTable(bars: BarRows, form: BarForm): Table {
  const { bucketUs } = bars;
  const time: Column = { name: "timestamp", cell: (row) => (bucketUs[row] ?? 0) / 1000 };
  return { rows: bucketUs.length, columns: [time, ...priceColumns(bars, form)] };
}
