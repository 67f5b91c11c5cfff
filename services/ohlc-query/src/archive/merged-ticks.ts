import type { FileTicks } from "@fx-ohlc/archive";
import { averageOf, spreadOf } from "@fx-ohlc/schemas";
import { type BarArrays, eachColumn } from "../bars/bar-columns.js";
import { eachQuoteColumn, type QuoteArrays } from "../bars/quote-columns.js";
import type { SingleTicks } from "../bars/tick-source.js";

/** Which of the ticks of files and of the table come first: `true` for one of a file. Those of a day are all in one place. */
function orderOf(inFiles: ArrayLike<number>, inTable: readonly number[]): boolean[] {
  const order: boolean[] = [];
  for (let [i, j] = [0, 0]; i < inFiles.length || j < inTable.length; ) {
    const isOfFile = (inFiles[i] ?? Number.POSITIVE_INFINITY) < (inTable[j] ?? Number.POSITIVE_INFINITY);
    order.push(isOfFile);
    if (isOfFile) i += 1;
    else j += 1;
  }
  return order;
}

/** The first or the last of all, so many at most. */
interface Which {
  readonly order: "asc" | "desc";
  readonly rowsMax: number;
}

/** How columns of ticks of files and of the table are put together. */
export class Merging {
  readonly #order: readonly boolean[];
  readonly #isInTurn: boolean;
  readonly #from: number;
  readonly #to: number;

  /**
   * @param inFiles the times of those of files
   * @param inTable the times of those of the table
   */
  constructor(inFiles: ArrayLike<number>, inTable: readonly number[], { order, rowsMax }: Which) {
    const count = inFiles.length + inTable.length;
    // Nearly always what is in files is older than all that is not.
    this.#isInTurn = (inFiles[inFiles.length - 1] ?? 0) < (inTable[0] ?? Number.POSITIVE_INFINITY);
    this.#order = this.#isInTurn ? [] : orderOf(inFiles, inTable);
    [this.#from, this.#to] = order === "asc" ? [0, Math.min(count, rowsMax)] : [Math.max(0, count - rowsMax), count];
  }

  of(inFiles: ArrayLike<number>, inTable: readonly number[]): number[] {
    if (this.#isInTurn) return Array.from(inFiles).concat(inTable).slice(this.#from, this.#to);
    let [i, j] = [0, 0];
    const next = (isOfFile: boolean) => {
      if (isOfFile) i += 1;
      else j += 1;
      return (isOfFile ? inFiles[i - 1] : inTable[j - 1]) ?? Number.NaN;
    };
    return this.#order.map(next).slice(this.#from, this.#to);
  }
}

/** Ticks of files, each as the bar that it is by itself. */
export function singleTicks({ timeUs, seq, price, bid, ask }: FileTicks, withQuotes: boolean): SingleTicks {
  const prices = Array.from(price);
  const columns: BarArrays = {
    ...{ bucketUs: Array.from(timeUs), open: prices, high: prices, low: prices, close: prices },
    tickCount: new Array<number>(prices.length).fill(1),
  };
  const all = withQuotes ? { ...columns, quotes: quotesOf(Array.from(bid), Array.from(ask)) } : columns;
  return { columns: all, seq: Array.from(seq) };
}

/** The ticks of files and of the table, the first or last of all. */
export function mergeSingleTicks(files: SingleTicks, table: SingleTicks, which: Which): SingleTicks {
  const both = new Merging(files.columns.bucketUs, table.columns.bucketUs, which);
  const columns = eachColumn((name) => both.of(files.columns[name], table.columns[name]));
  const [inFiles, inTable] = [files.columns.quotes, table.columns.quotes];
  const quotes =
    inFiles === undefined || inTable === undefined
      ? {}
      : { quotes: eachQuoteColumn((name) => both.of(inFiles[name], inTable[name])) };
  return { columns: { ...columns, ...quotes }, seq: both.of(files.seq, table.seq) };
}

const NO_SPREAD = { high: 0, low: 0, scale: 0 };

/** What is between the sides of each tick that is a quote. */
function quotesOf(bid: number[], ask: number[]): QuoteArrays {
  const sums = bid.map((value, i) => (Number.isNaN(value) ? NO_SPREAD : spreadOf(value, ask[i] ?? value)));
  const spread = sums.map((sum, i) => (Number.isNaN(bid[i]) ? Number.NaN : averageOf(sum, 1)));
  return {
    ...{ bidOpen: bid, bidHigh: bid, bidLow: bid, bidClose: bid },
    ...{ askOpen: ask, askHigh: ask, askLow: ask, askClose: ask },
    ...{ spreadMin: spread, spreadMax: spread },
    spreadHigh: sums.map(({ high }) => high),
    spreadLow: sums.map(({ low }) => low),
    spreadScale: sums.map(({ scale }) => scale),
    quoteCount: bid.map((value) => (Number.isNaN(value) ? 0 : 1)),
  };
}
