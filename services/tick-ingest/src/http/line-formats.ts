import {
  checkTick,
  DEFAULT_SYMBOL,
  type FieldError,
  type NewTick,
  PlainFields,
  plainDecimal,
  plainSymbol,
  plainTick,
  plainTime,
  readPlainTick,
  type TickRules,
} from "@fx-ohlc/schemas";
import { JsonBounds } from "./json-bounds.js";
import type { Line } from "./line-reader.js";

/** What became of one line: a tick, its errors, or nothing (the header). */
export type LineResult = NewTick | readonly FieldError[] | undefined;

/** Reads the lines of one body in order. */
export interface LineFormat {
  /** @param limits what a tick with a time of its own is checked against */
  read(line: Line, limits: TickRules): LineResult;
  /** Whether no later line can be read once this result came: a bad header. */
  readonly broken: boolean;
}

/** One JSON object a line. */
export class NdjsonFormat implements LineFormat {
  readonly broken = false;
  readonly #bounds = new JsonBounds();

  /** @param rules those of a moment: what comes without a time is stamped by them */
  constructor(private readonly rules: () => TickRules) {}

  read(line: Line, limits: TickRules): LineResult {
    return readPlainTick(line.bytes, line.from, line.to, limits) ?? this.check(line);
  }

  private check({ number, bytes, from, to, text }: Line): LineResult {
    const excess = this.#bounds.excessOf(bytes, from, to);
    if (excess !== undefined) return [{ field: `line ${number}`, message: excess }];
    let raw: unknown;
    try {
      raw = JSON.parse(text);
    } catch {
      return [{ field: `line ${number}`, message: "is not valid JSON" }];
    }
    const errors: FieldError[] = [];
    return checkTick(raw, this.rules(), `line ${number}.`, errors) ?? errors;
  }
}

/** What rows hold: of each either the one or the other, in any order. */
const PRICE_COLUMNS = ["time", "symbol", "price", "seq"];
const QUOTE_COLUMNS = ["time", "symbol", "bid", "ask", "seq"];
/** Prices and quotes, as a symbol that has both is exported: each row leaves empty what it is not. */
const MIXED_COLUMNS = ["time", "symbol", "price", "bid", "ask", "seq"];
/** Those that a header can do without: symbol and seq. */
const OPTIONAL_COLUMNS: ReadonlySet<string> = new Set(["symbol", "seq"]);
const NUMBERS: ReadonlySet<string> = new Set(["price", "bid", "ask", "seq"]);
const NUMBER = /^-?\d+(\.\d+)?([eE][+-]?\d+)?$/;
const QUOTED = /^"(.*)"$/;

/** A header naming the columns, in any order, then one tick a line. Values hold no commas; quotes around them are dropped. */
export class CsvFormat implements LineFormat {
  broken = false;
  private columns: readonly string[] | undefined;

  constructor(private readonly rules: () => TickRules) {}

  read(line: Line, limits: TickRules): LineResult {
    if (this.columns === undefined) return this.readHeader(line, cellsOf(line));
    return readPlainRow(line, this.columns, limits) ?? this.readRow(line, cellsOf(line), this.columns);
  }

  private readHeader({ number }: Line, cells: readonly string[]): LineResult {
    const columns = cells.map((cell) => cell.toLowerCase());
    if ([PRICE_COLUMNS, QUOTE_COLUMNS, MIXED_COLUMNS].some((known) => isHeader(columns, known))) {
      this.columns = columns;
      return undefined;
    }
    this.broken = true;
    return [{ field: `line ${number}`, message: `must be a header: ${HEADERS}` }];
  }

  private readRow({ number }: Line, cells: readonly string[], columns: readonly string[]): LineResult {
    if (cells.length !== columns.length) {
      return [{ field: `line ${number}`, message: `has ${cells.length} values, the header has ${columns.length}` }];
    }
    const raw: Record<string, unknown> = {};
    columns.forEach((column, index) => {
      const cell = cells[index] ?? "";
      const isNumber = NUMBERS.has(column) && NUMBER.test(cell);
      if (cell !== "") raw[column] = isNumber ? Number(cell) : cell;
    });
    // An empty time would mean now, which nobody means in a file.
    raw.time ??= "";
    const errors: FieldError[] = [];
    return checkTick(raw, this.rules(), `line ${number}.`, errors) ?? errors;
  }
}

const HEADERS = "time,symbol,price[,seq], time,symbol,bid,ask[,seq] or all of these";

/** Whether a header names all that it must, and nothing else, each once. */
function isHeader(columns: readonly string[], known: readonly string[]): boolean {
  const isWhole = known.every((column) => columns.includes(column) || OPTIONAL_COLUMNS.has(column));
  return isWhole && columns.every((column, at) => known.includes(column) && columns.indexOf(column) === at);
}

function cellsOf(line: Line): string[] {
  return line.text.split(",").map((cell) => cell.trim().replace(QUOTED, "$1"));
}

const COMMA = 0x2c;

const FIELDS = new PlainFields();

/** The tick of a row whose values are written plainly, as most are; undefined for any other row. */
function readPlainRow({ bytes, from, to }: Line, columns: readonly string[], limits: TickRules): NewTick | undefined {
  let symbol: string | undefined = DEFAULT_SYMBOL;
  FIELDS.clear();
  let at = from;
  for (let column = 0; column < columns.length; column += 1) {
    let end = at;
    while (end < to && bytes[end] !== COMMA) end += 1;
    const isLast = column === columns.length - 1;
    if (isLast !== end >= to) return undefined;
    if (columns[column] === "symbol") symbol = plainSymbol(bytes, at, end);
    else if (!readCell(columns[column], bytes, at, end)) return undefined;
    at = end + 1;
  }
  return symbol === undefined ? undefined : plainTick(symbol, FIELDS, limits);
}

/** Reads what the bytes [from, to) write into {@link FIELDS}. @returns whether it is plain */
function readCell(column: string | undefined, bytes: Uint8Array, from: number, to: number): boolean {
  switch (column) {
    case "time":
      FIELDS.timeUs = plainTime(bytes, from, to);
      return !Number.isNaN(FIELDS.timeUs);
    // What a row leaves empty must be there otherwise: that is for plainTick to see.
    case "price":
      FIELDS.price = plainDecimal(bytes, from, to);
      return to === from || !Number.isNaN(FIELDS.price);
    case "bid":
      FIELDS.bid = plainDecimal(bytes, from, to);
      return to === from || !Number.isNaN(FIELDS.bid);
    case "ask":
      FIELDS.ask = plainDecimal(bytes, from, to);
      return to === from || !Number.isNaN(FIELDS.ask);
    default:
      if (to > from) FIELDS.seq = plainDecimal(bytes, from, to);
      return to === from || Number.isInteger(FIELDS.seq);
  }
}
