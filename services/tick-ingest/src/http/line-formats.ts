import {
  checkTick,
  DEFAULT_SYMBOL,
  type FieldError,
  type NewTick,
  PlainFields,
  plainDecimal,
  plainEpoch,
  plainSymbol,
  plainTick,
  plainTime,
  readPlainTick,
  type TickRules,
} from "@fx-ohlc/schemas";
import { CsvQuotes, cellsOf } from "./csv-cells.js";
import { JsonBounds } from "./json-bounds.js";
import type { Line, Quotes } from "./line-reader.js";
import { withTimesAsText } from "./request-body.js";

/** What became of one line: a tick, its errors, or nothing (the header). */
export type LineResult = NewTick | readonly FieldError[] | undefined;

/** Reads the lines of one body in order. */
export interface LineFormat {
  /** @param limits what a tick with a time of its own is checked against */
  read(line: Line, limits: TickRules): LineResult;
  /** Whether no later line can be read once this result came: a bad header. */
  readonly broken: boolean;
  /** Where a line may go on after its end. */
  readonly quotes?: Quotes;
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
    const rules = this.rules();
    let raw: unknown;
    try {
      raw = JSON.parse(rules.timeUnit === undefined ? text : withTimesAsText(text));
    } catch {
      return [{ field: `line ${number}`, message: "is not valid JSON" }];
    }
    const errors: FieldError[] = [];
    return checkTick(raw, rules, `line ${number}.`, errors) ?? errors;
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
/** As JSON writes it, and as Visual Basic and spreadsheets do: `.5`, `+1.1`. */
export const NUMBER = /^[+-]?(\d+(\.\d+)?|\.\d+)([eE][+-]?\d+)?$/;
const DECIMAL_COMMA = /^[+-]?\d*,\d+$/;

/** A header naming the columns, in any order, then one tick a line (RFC 4180). */
export class CsvFormat implements LineFormat {
  broken = false;
  readonly quotes = new CsvQuotes();
  private columns: readonly string[] | undefined;

  constructor(private readonly rules: () => TickRules) {}

  read(line: Line, limits: TickRules): LineResult {
    if (this.columns === undefined) return this.readHeader(line, cellsOf(line.text) ?? []);
    return readPlainRow(line, this.columns, limits) ?? this.readRow(line, this.columns);
  }

  private readHeader({ number }: Line, cells: readonly string[]): LineResult {
    const columns = cells.map((cell) => cell.toLowerCase());
    if ([PRICE_COLUMNS, QUOTE_COLUMNS, MIXED_COLUMNS].some((known) => isHeader(columns, known))) {
      this.columns = columns;
      return undefined;
    }
    this.broken = true;
    return [{ field: `line ${number}`, message: `must be a header: ${HEADERS}${headerHint(columns)}` }];
  }

  private readRow({ firstNumber, number, text }: Line, columns: readonly string[]): LineResult {
    const cells = cellsOf(text);
    if (cells === undefined) {
      const where = firstNumber === number ? "" : `, in line ${firstNumber}`;
      return [{ field: `line ${number}`, message: `has quotes that do not enclose a value${where}` }];
    }
    if (cells.length !== columns.length) {
      return [{ field: `line ${number}`, message: `has ${cells.length} values, the header has ${columns.length}` }];
    }
    const raw: Record<string, unknown> = {};
    const errors: FieldError[] = [];
    columns.forEach((column, index) => {
      const cell = cells[index] ?? "";
      const message = cellProblem(column, cell);
      if (message !== undefined) errors.push({ field: `line ${number}.${column}`, message });
      // An empty price, bid or ask is missing, which is for the check to see, as an empty time is.
      if (cell !== "" || column === "time") raw[column] = cellValue(column, cell);
    });
    if (errors.length > 0) return errors;
    return checkTick(raw, this.rules(), `line ${number}.`, errors) ?? errors;
  }
}

function cellValue(column: string, cell: string): string | number {
  return NUMBERS.has(column) && NUMBER.test(cell) ? Number(cell) : cell;
}

/** Why a cell is refused that would be taken for something else than it says. */
function cellProblem(column: string, cell: string): string | undefined {
  if (column === "symbol" && cell === "") return "must not be empty: no symbol is assumed";
  if (column === "seq" && cell === "") return "must not be empty: number each row, or leave the column out";
  if (!NUMBERS.has(column) || !DECIMAL_COMMA.test(cell)) return undefined;
  return `must be written with a point: ${cell.replace(",", ".")}`;
}

/** What is most likely wrong with a header. */
function headerHint(columns: readonly string[]): string {
  const twice = columns.find((column, at) => columns.indexOf(column) !== at);
  if (columns.includes("") && columns.length > 1) {
    return `; column ${columns.indexOf("") + 1} has no name (of pandas: to_csv(index=False))`;
  }
  return twice === undefined ? "" : `; ${twice} is named twice`;
}

const HEADERS = "time,symbol,price[,seq], time,symbol,bid,ask[,seq] or all of these";

/** Whether a header names all that it must, and nothing else, each once. */
function isHeader(columns: readonly string[], known: readonly string[]): boolean {
  const isWhole = known.every((column) => columns.includes(column) || OPTIONAL_COLUMNS.has(column));
  return isWhole && columns.every((column, at) => known.includes(column) && columns.indexOf(column) === at);
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
    else if (!readCell(columns[column], bytes, at, end, limits)) return undefined;
    at = end + 1;
  }
  return symbol === undefined ? undefined : plainTick(symbol, FIELDS, limits);
}

/** Reads what the bytes [from, to) write into {@link FIELDS}. @returns whether it is plain */
function readCell(
  column: string | undefined,
  bytes: Uint8Array,
  from: number,
  to: number,
  { timeUnit }: TickRules,
): boolean {
  switch (column) {
    case "time":
      FIELDS.timeUs = plainTime(bytes, from, to);
      if (timeUnit !== undefined && Number.isNaN(FIELDS.timeUs)) FIELDS.timeUs = plainEpoch(bytes, from, to, timeUnit);
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
      FIELDS.seq = plainDecimal(bytes, from, to);
      return Number.isInteger(FIELDS.seq);
  }
}
