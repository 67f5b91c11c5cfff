import {
  checkTick,
  DEFAULT_SYMBOL,
  type FieldError,
  type NewTick,
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

const COLUMNS = ["time", "symbol", "price", "seq"] as const;
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
    const known: readonly string[] = COLUMNS;
    const fits = columns.every((column) => known.includes(column)) && new Set(columns).size === columns.length;
    if (fits && columns.includes("time") && columns.includes("price")) {
      this.columns = columns;
      return undefined;
    }
    this.broken = true;
    return [{ field: `line ${number}`, message: "must be a header: time,symbol,price[,seq]" }];
  }

  private readRow({ number }: Line, cells: readonly string[], columns: readonly string[]): LineResult {
    if (cells.length !== columns.length) {
      return [{ field: `line ${number}`, message: `has ${cells.length} values, the header has ${columns.length}` }];
    }
    const raw: Record<string, unknown> = {};
    columns.forEach((column, index) => {
      const cell = cells[index] ?? "";
      const isNumber = (column === "price" || column === "seq") && NUMBER.test(cell);
      if (cell !== "") raw[column] = isNumber ? Number(cell) : cell;
    });
    // An empty time would mean now, which nobody means in a file.
    raw.time ??= "";
    const errors: FieldError[] = [];
    return checkTick(raw, this.rules(), `line ${number}.`, errors) ?? errors;
  }
}

function cellsOf(line: Line): string[] {
  return line.text.split(",").map((cell) => cell.trim().replace(QUOTED, "$1"));
}

const COMMA = 0x2c;

/** The tick of a row whose values are written plainly, as most are; undefined for any other row. */
function readPlainRow({ bytes, from, to }: Line, columns: readonly string[], limits: TickRules): NewTick | undefined {
  let symbol: string | undefined = DEFAULT_SYMBOL;
  let timeUs = Number.NaN;
  let price = Number.NaN;
  let seq: number | undefined;
  let at = from;
  for (let column = 0; column < columns.length; column += 1) {
    let end = at;
    while (end < to && bytes[end] !== COMMA) end += 1;
    const isLast = column === columns.length - 1;
    if (isLast !== end >= to) return undefined;
    switch (columns[column]) {
      case "time":
        timeUs = plainTime(bytes, at, end);
        break;
      case "price":
        price = plainDecimal(bytes, at, end);
        break;
      case "symbol":
        symbol = plainSymbol(bytes, at, end);
        break;
      default:
        if (end > at) seq = plainDecimal(bytes, at, end);
    }
    at = end + 1;
  }
  const isPlain = symbol !== undefined && (seq === undefined || Number.isInteger(seq));
  return isPlain ? plainTick(symbol ?? DEFAULT_SYMBOL, timeUs, price, seq, limits) : undefined;
}
