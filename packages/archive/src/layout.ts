/** The number of this layout and of the columns of its files, in each file's metadata. */
export const FORMAT = 1;
/** The key of {@link FORMAT} in a file's metadata. */
export const FORMAT_KEY = "fx-ohlc.format";
/** Rows of a row group: some 700 kB, which a reader of a page reads and decodes in some 20 ms. */
export const ROWS_PER_GROUP = 131_072;

/** Names the dataset; the database holds the same id. */
export const DATASET_FILE = "_dataset.json";
/** Says which database writes here. Apart from {@link DATASET_FILE}, which is never written where it is missing. */
export const WRITER_FILE = "_writer.json";
/** Lists every file that counts. */
export const CURRENT_FILE = "_current.parquet";
/** Where files lie that count no more. */
export const REPLACED_FOLDER = "_replaced/";
export const TICKS_FOLDER = "ticks/";

/** The columns of a file of ticks, in their order. A new one comes last, and is nullable. */
export const TICK_COLUMNS = ["time", "seq", "price", "bid", "ask", "recorded_at"] as const;
export type TickColumn = (typeof TICK_COLUMNS)[number];

/** The contents of {@link DATASET_FILE}. */
export interface DatasetFile {
  readonly id: string;
  readonly format: number;
  /** When it was made, RFC 3339. */
  readonly created_at: string;
}

/** What a path of a file of ticks says. */
export interface TickFileName {
  readonly symbol: string;
  /** The UTC day, such as `2025-12-05`. */
  readonly date: string;
  readonly n: number;
}

/** Every engine reads a percent-encoded name back; some take what is not encoded here for a pattern, or for the path's end. */
function encodeSymbol(symbol: string): string {
  return symbol.replace(
    /[^A-Za-z0-9_.-]/g,
    (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
  );
}

/** The folder of all files of a symbol's day. */
export function dayFolder(symbol: string, date: string): string {
  return `${TICKS_FOLDER}symbol=${encodeSymbol(symbol)}/date=${date}/`;
}

/** Where the n-th file of a symbol's day lies. */
export function tickFile({ symbol, date, n }: TickFileName): string {
  return `${dayFolder(symbol, date)}${n}.parquet`;
}

/** Undefined for a path that is none of a file of ticks. */
export function parseTickFile(path: string): TickFileName | undefined {
  const parts = /^ticks\/symbol=([^/]+)\/date=(\d{4}-\d{2}-\d{2})\/(\d{1,9})\.parquet$/.exec(path);
  if (parts === null) return undefined;
  const [, name = "", date = "", n = ""] = parts;
  try {
    return { symbol: decodeURIComponent(name), date, n: Number(n) };
  } catch {
    return undefined;
  }
}

/** Where a file lies once it has counted no more for a while. */
export function replacedFile(path: string): string {
  return `${REPLACED_FOLDER}${path}`;
}
