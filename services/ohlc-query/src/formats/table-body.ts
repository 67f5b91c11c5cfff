import { type BarFormat, FILE_FORMATS, type FileFormat } from "@fx-ohlc/schemas";
import { arrowOf, arrowPieces } from "./arrow.js";
import { parquetOf, parquetPieces } from "./parquet.js";
import type { Table, Tables } from "./table.js";
import { type Piece, tablePieces, tableText } from "./table-text.js";
import { inZone } from "./zoned.js";

/** How an answer is written. */
export interface Output {
  readonly format: BarFormat | FileFormat;
  /** Of its times, in CSV and in files of typed columns; undefined: UTC. */
  readonly zone: string | undefined;
}

/** What is sent, whole or in parts that follow one another. */
export type Body = string | Buffer | readonly Buffer[];

/** Rows of Arrow that are made in the time of one of text: most columns are sent as they lie in memory. */
const ARROW_ROWS = 20;

/** As how many rows of text those of an answer are to be reckoned, for the turns in which answers are made. */
export function rowsToMake(rows: number, { format }: Output): number {
  return format === "arrow" ? rows / ARROW_ROWS : rows;
}

export function isFileFormat(format: string): format is FileFormat {
  return FILE_FORMATS.some((each) => each === format);
}

/** How the body of an answer is made: a Parquet file is at hand, all else is made in its turn. */
export async function bodyMaker(tables: Tables, { format, zone }: Output): Promise<() => Body> {
  if (format === "arrow") return () => arrowOf(tables, zone);
  if (format !== "parquet") {
    const [first, ...others] = tables;
    return () => tableText([inZone(first, zone), ...others.map((table) => inZone(table, zone))], format);
  }
  const file = await parquetOf(tables, zone);
  return () => file;
}

async function* allInZone(tables: AsyncIterable<Table>, zone: string | undefined): AsyncGenerator<Table> {
  for await (const table of tables) yield inZone(table, zone);
}

/** A long answer, piece by piece. There is at least one table. */
export function bodyPieces(
  tables: AsyncIterable<Table>,
  format: Exclude<Output["format"], "columns">,
  zone: string | undefined,
): AsyncGenerator<Piece> {
  if (format === "arrow") return arrowPieces(tables, zone);
  if (format === "parquet") return parquetPieces(tables, zone);
  return tablePieces(allInZone(tables, zone), format);
}
