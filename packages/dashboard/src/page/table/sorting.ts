/** By which column a table is sorted; undefined: in the order that it has by itself. */
export interface Sorting {
  readonly column: string;
  readonly isDescending: boolean;
}

/** What a row is sorted by; what is not known comes last, whichever way. */
export type SortValue = string | number | undefined;

/** The sorting after its column's head was chosen: first the one way, then the other, then none. */
export function nextSorting(now: Sorting | undefined, column: string, startsDescending: boolean): Sorting | undefined {
  if (now?.column !== column) return { column, isDescending: startsDescending };
  return now.isDescending === startsDescending ? { column, isDescending: !startsDescending } : undefined;
}

/** The rows in their order; those of the same value keep the one they had. */
export function sorted<Row>(
  rows: readonly Row[],
  keyOf: (row: Row) => SortValue,
  isDescending: boolean,
): readonly Row[] {
  const keyed = rows.map((row) => ({ row, value: keyOf(row) }));
  return keyed.sort((a, b) => compare(a.value, b.value, isDescending)).map(({ row }) => row);
}

function compare(a: SortValue, b: SortValue, isDescending: boolean): number {
  if (a === undefined || b === undefined) return Number(a === undefined) - Number(b === undefined);
  const order = a < b ? -1 : a > b ? 1 : 0;
  return isDescending ? -order : order;
}
