import { parquetOf } from "./parquet.js";
import type { Table } from "./table.js";
import { type TableFormat, tableText } from "./table-text.js";

/** How the body of a table is made: a file is at hand, and text is made in its turn. */
export async function bodyMaker(table: Table, format: TableFormat | "parquet"): Promise<() => string | Buffer> {
  if (format !== "parquet") return () => tableText(table, format);
  const file = await parquetOf(table);
  return () => file;
}
