import type { Micros } from "@fx-ohlc/schemas";

/**
 * One value of an answer. No text among them needs escaping in JSON or CSV, but for free text: they are times, dates, symbols and
 * fixed words.
 */
export type Cell = string | number | boolean | null;

/** A column of an answer, in every format under the same name. */
export interface Column {
  readonly name: string;
  cell(row: number): Cell;
  /** Whether objects leave the member out where it is null. */
  readonly sparse?: boolean;
  /** Whether its texts are what somebody wrote. */
  readonly isFreeText?: boolean;
  /** All cells, where they are at hand. */
  readonly values?: ArrayLike<Cell>;
  /** Of times: what the cells say. */
  readonly instants?: Instants;
  /** All texts that any cell may have, where they are few. */
  readonly words?: readonly string[];
}

/** The instants of a column, and how a cell says them in UTC, `Z` at its end. */
export interface Instants {
  at(row: number): Micros | null;
  /** All of them, where they are at hand. */
  readonly values?: ArrayLike<Micros>;
  format(us: Micros): string;
}

/** The rows of an answer, before a format is chosen. */
export interface Table {
  readonly rows: number;
  readonly columns: readonly Column[];
}

/** Tables of the same columns, one of each symbol, say, whose rows follow one another in one answer. */
export type Tables = readonly [Table, ...Table[]];

/** A column of values that are at hand. */
export function column(name: string, values: ArrayLike<Cell>): Column {
  return { name, values, cell: (row) => values[row] ?? null };
}

/** A column of times that are at hand. */
export function timesColumn(name: string, values: ArrayLike<Micros>, format: Instants["format"]): Column {
  const column = timeColumn(name, (row) => values[row] ?? 0, format);
  return { ...column, instants: { at: (row) => values[row] ?? 0, format, values } };
}

/** A column of times. */
export function timeColumn(name: string, at: Instants["at"], format: Instants["format"]): Column {
  const cell = (row: number) => {
    const us = at(row);
    return us === null ? null : format(us);
  };
  return { name, cell, instants: { at, format } };
}
