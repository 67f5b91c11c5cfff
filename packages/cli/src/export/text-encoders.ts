import { plainDecimal } from "../tick-file/decimal.js";
import type { Column } from "./table.js";

/** Rows that leave together: few enough to be nothing in memory, many enough that a write costs nothing. */
const ROWS_AT_A_TIME = 1_000;

function cellOf<Row>(column: Column<Row>, row: Row): string {
  return column.kind === "price" ? plainDecimal(column.of(row)) : String(column.of(row));
}

async function* lines<Row>(rows: AsyncIterable<Row>, lineOf: (row: Row) => string): AsyncGenerator<Buffer> {
  let text = "";
  let count = 0;
  for await (const row of rows) {
    text += `${lineOf(row)}\n`;
    count += 1;
    if (count % ROWS_AT_A_TIME > 0) continue;
    yield Buffer.from(text);
    text = "";
  }
  if (text !== "") yield Buffer.from(text);
}

/** A header and a line for each row. Nothing needs quotes: there are names, numbers and times only. */
export async function* csv<Row>(rows: AsyncIterable<Row>, columns: readonly Column<Row>[]): AsyncGenerator<Buffer> {
  yield Buffer.from(`${columns.map(({ name }) => name).join(",")}\n`);
  yield* lines(rows, (row) => columns.map((column) => cellOf(column, row)).join(","));
}

/** A JSON object for each row, with the fields of the columns. */
export async function* ndjson<Row>(rows: AsyncIterable<Row>, columns: readonly Column<Row>[]): AsyncGenerator<Buffer> {
  yield* lines(rows, (row) =>
    JSON.stringify(Object.fromEntries(columns.map((column) => [column.name, column.of(row)]))),
  );
}
