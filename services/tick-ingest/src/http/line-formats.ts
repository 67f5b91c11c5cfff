import { checkTick, type FieldError, type NewTick, type TickRules } from "@fx-ohlc/schemas";
import type { Line } from "./line-reader.js";

/** What became of one line: a tick, its errors, or nothing (the header). */
export type LineResult = NewTick | readonly FieldError[] | undefined;

/** Reads the lines of one body in order. */
export interface LineFormat {
  read(line: Line): LineResult;
  /** Whether no later line can be read once this result came: a bad header. */
  readonly broken: boolean;
}

/** One JSON object a line. */
export class NdjsonFormat implements LineFormat {
  readonly broken = false;

  constructor(private readonly rules: () => TickRules) {}

  read({ number, text }: Line): LineResult {
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

  read(line: Line): LineResult {
    const cells = line.text.split(",").map((cell) => cell.trim().replace(QUOTED, "$1"));
    return this.columns === undefined ? this.readHeader(line, cells) : this.readRow(line, cells, this.columns);
  }

  private readHeader({ number }: Line, cells: string[]): LineResult {
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
