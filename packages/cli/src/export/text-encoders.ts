import { plainDecimal } from "../tick-file/decimal.js";
import type { Column } from "./table.js";

/** Rows that leave together: few enough to be nothing in memory, many enough that a write costs nothing. */
const ROWS_AT_A_TIME = 1_000;

function cellOf<Row>(column: Column<Row>, row: Row): string {
  if (column.kind !== "price" && column.kind !== "side") return String(column.of(row));
  const price = column.of(row);
  return price === undefined ? "" : plainDecimal(price);
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

/** An object with the fields of the columns; a single price has no sides. */
function objectOf<Row>(row: Row, columns: readonly Column<Row>[]): string {
  return JSON.stringify(Object.fromEntries(columns.map((column) => [column.name, column.of(row)])));
}

/** A JSON object for each row. */
export async function* ndjson<Row>(rows: AsyncIterable<Row>, columns: readonly Column<Row>[]): AsyncGenerator<Buffer> {
  yield* lines(rows, (row) => objectOf(row, columns));
}

/** A JSON array with a line for each row. */
export async function* json<Row>(rows: AsyncIterable<Row>, columns: readonly Column<Row>[]): AsyncGenerator<Buffer> {
  let isFirst = true;
  yield* lines(rows, (row) => {
    const before = isFirst ? "[" : ",";
    isFirst = false;
    return before + objectOf(row, columns);
  });
  yield Buffer.from(isFirst ? "[]\n" : "]\n");
}
