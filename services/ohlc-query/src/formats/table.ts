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
}

/** The rows of an answer, before a format is chosen. */
export interface Table {
  readonly rows: number;
  readonly columns: readonly Column[];
}

/** A column of values that are at hand. */
export function column(name: string, values: ArrayLike<Cell>): Column {
  return { name, cell: (row) => values[row] ?? null };
}
