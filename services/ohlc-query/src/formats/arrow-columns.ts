import { parseTime, US_PER_DAY } from "@fx-ohlc/schemas";
import {
  Column as ArrowColumn,
  Batch,
  bool,
  type DataType,
  dateDay,
  dictionary,
  type Field,
  field,
  float64,
  int64,
  TimeUnit,
  timestamp,
  utf8,
} from "@uwdata/flechette";
import { kindOf, mayBeNull } from "./column-kinds.js";
import type { Column } from "./table.js";

type Options = ConstructorParameters<typeof Batch>[0];
/** Some cells as they lie in memory. */
type Cells = Pick<Options, "validity" | "nullCount"> & Pick<Options, "values" | "offsets">;

/** Where every cell is there, nothing says which are. */
const ALL_THERE = new Uint8Array(0);
const HIGH_WORD = 2 ** 32;

/** Which cells are there, a bit each. */
class Validity {
  readonly #bits: Uint8Array;
  #nulls = 0;

  constructor(rows: number) {
    this.#bits = new Uint8Array(Math.ceil(rows / 8)).fill(0xff);
  }

  isNull(row: number): void {
    this.#nulls += 1;
    this.#bits[row >> 3] = (this.#bits[row >> 3] ?? 0) & ~(1 << (row & 7));
  }

  get cells(): Cells {
    return { nullCount: this.#nulls, validity: this.#nulls === 0 ? ALL_THERE : this.#bits };
  }
}

/** Numbers that lie in memory as they are sent are not copied. */
function doubles({ values, cell }: Column, rows: number): Cells {
  if (values instanceof Float64Array) {
    return { values: values.subarray(0, rows), validity: ALL_THERE, nullCount: 0 };
  }
  const validity = new Validity(rows);
  const result = new Float64Array(rows);
  for (let row = 0; row < rows; row += 1) {
    const value = cell(row);
    if (typeof value === "number") result[row] = value;
    else validity.isNull(row);
  }
  return { values: result, ...validity.cells };
}

/** Integers, exact to 2^53, as two words each: a BigInt for each of them takes ten times as long. */
function integers(at: (row: number) => unknown, values: ArrayLike<unknown> | undefined, rows: number): Cells {
  const words = new Int32Array(2 * rows);
  if (values instanceof Float64Array) {
    for (let row = 0; row < rows; row += 1) setWords(words, row, values[row] ?? 0);
    return { values: words, validity: ALL_THERE, nullCount: 0 };
  }
  const validity = new Validity(rows);
  for (let row = 0; row < rows; row += 1) {
    const value = at(row);
    if (typeof value === "number") setWords(words, row, value);
    else validity.isNull(row);
  }
  return { values: words, ...validity.cells };
}

function setWords(words: Int32Array, row: number, value: number): void {
  // What is beyond 32 bits falls off.
  words[2 * row] = value;
  words[2 * row + 1] = Math.floor(value / HIGH_WORD);
}

function days({ cell }: Column, rows: number): Cells {
  const validity = new Validity(rows);
  const result = new Int32Array(rows);
  for (let row = 0; row < rows; row += 1) {
    const value = cell(row);
    if (value === null) validity.isNull(row);
    else result[row] = (parseTime(`${value}T00:00:00Z`) ?? 0) / US_PER_DAY;
  }
  return { values: result, ...validity.cells };
}

function flags({ cell }: Column, rows: number): Cells {
  const validity = new Validity(rows);
  const bits = new Uint8Array(Math.ceil(rows / 8));
  for (let row = 0; row < rows; row += 1) {
    const value = cell(row);
    if (value === true) bits[row >> 3] = (bits[row >> 3] ?? 0) | (1 << (row & 7));
    else if (value === null) validity.isNull(row);
  }
  return { values: bits, ...validity.cells };
}

function texts(cell: Column["cell"], rows: number): Cells {
  const validity = new Validity(rows);
  const offsets = new Int32Array(rows + 1);
  const parts: Buffer[] = [];
  let length = 0;
  for (let row = 0; row < rows; row += 1) {
    const value = cell(row);
    if (value === null) validity.isNull(row);
    else {
      const part = Buffer.from(String(value));
      parts.push(part);
      length += part.length;
    }
    offsets[row + 1] = length;
  }
  return { offsets, values: new Uint8Array(Buffer.concat(parts)), ...validity.cells };
}

/** The places of texts among a few words. */
function places({ cell }: Column, rows: number, words: readonly string[]): Cells {
  const validity = new Validity(rows);
  const result = new Int32Array(rows);
  // Of one symbol all places are the first.
  if (words.length === 1) return { values: result, ...validity.cells };
  const placeOf = new Map<unknown, number>(words.map((word, place) => [word, place]));
  for (let row = 0; row < rows; row += 1) {
    const place = placeOf.get(cell(row));
    if (place === undefined) validity.isNull(row);
    else result[row] = place;
  }
  return { values: result, ...validity.cells };
}

/** Cells that say words of a dictionary, which is sent before them. */
class WordBatch extends Batch<string> {
  constructor(
    options: Options,
    readonly dictionary: ArrowColumn<string>,
  ) {
    super(options);
  }
}

/** A column of an answer in Arrow: its type, and how its cells are laid out. */
export class TypedColumn {
  readonly #type: DataType;
  readonly #name: string;
  readonly #words: readonly string[];
  readonly #dictionary: ArrowColumn<string> | undefined;

  /** @param zone of its times; undefined: UTC */
  constructor({ name, words }: Column, zone: string | undefined) {
    this.#name = name;
    this.#words = words ?? [];
    this.#dictionary = words === undefined ? undefined : dictionaryOf(words);
    this.#type = this.#dictionary === undefined ? typeOf(name, zone) : dictionary(this.#dictionary.type);
  }

  get field(): Field {
    return field(this.#name, this.#type, mayBeNull(this.#name));
  }

  /** The cells of some tables, each of as many rows. */
  of(parts: readonly { readonly column: Column; readonly rows: number }[]): ArrowColumn<unknown> {
    return new ArrowColumn<unknown>(
      parts.map(({ column, rows }) => this.#batch(column, rows)),
      this.#type,
    );
  }

  #batch(column: Column, rows: number): Batch<unknown> {
    const options = { length: rows, type: this.#type, ...this.#cells(column, rows) };
    return this.#dictionary === undefined ? new Batch(options) : new WordBatch(options, this.#dictionary);
  }

  #cells(column: Column, rows: number): Cells {
    if (this.#dictionary !== undefined) return places(column, rows, this.#words);
    switch (kindOf(this.#name)) {
      case "time":
        return integers(column.instants?.at ?? (() => null), column.instants?.values, rows);
      case "date":
        return days(column, rows);
      case "text":
        return texts(column.cell, rows);
      case "price":
        return doubles(column, rows);
      case "count":
        return integers(column.cell, column.values, rows);
      case "flag":
        return flags(column, rows);
    }
  }
}

function typeOf(name: string, zone = "UTC"): DataType {
  switch (kindOf(name)) {
    case "time":
      return timestamp(TimeUnit.MICROSECOND, zone);
    case "date":
      return dateDay();
    case "text":
      return utf8();
    case "price":
      return float64();
    case "count":
      return int64();
    case "flag":
      return bool();
  }
}

function dictionaryOf(words: readonly string[]): ArrowColumn<string> {
  const type = utf8();
  const cells = texts((row) => words[row] ?? null, words.length);
  return new ArrowColumn<string>([new Batch<string>({ length: words.length, type, ...cells })], type);
}
