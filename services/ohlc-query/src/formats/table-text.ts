import type { Cell, Column, Table, Tables } from "./table.js";

/**
 * Formats a table can be written in. `ccxt` is rows as arrays without names, as that library has its candles; the others
 * keep every column.
 */
export type TableFormat = "json" | "csv" | "ndjson" | "columns" | "ccxt";
/** Formats whose rows follow one another, so that the first can be sent before the last is known. */
export type RowFormat = Exclude<TableFormat, "columns">;

/** How a format puts rows together. A number is printed the same way in all: as JavaScript prints the double. */
export interface RowWriter {
  opening(table: Table): string;
  readonly separator: string;
  /** Prepares the text of rows, by their number. */
  rows(table: Table): (row: number) => string;
  readonly closing: string;
}

export function jsonCell(cell: Cell): string {
  return typeof cell === "string" ? `"${cell}"` : `${cell}`;
}

/** A column whose texts can be put between quotes as they are. */
function escapedForJson(column: Column): Column {
  if (column.isFreeText !== true) return column;
  const escaped = (cell: Cell) => (typeof cell === "string" ? JSON.stringify(cell).slice(1, -1) : cell);
  return { ...column, cell: (row) => escaped(column.cell(row)) };
}

/** A column whose texts can be put between commas as they are, RFC 4180. */
function escapedForCsv(column: Column): Column {
  if (column.isFreeText !== true) return column;
  const escaped = (cell: Cell) => (typeof cell === "string" ? `"${cell.replaceAll('"', '""')}"` : cell);
  return { ...column, cell: (row) => escaped(column.cell(row)) };
}

function jsonObjects({ columns }: Table): (row: number) => string {
  const members = columns.map(escapedForJson).map(({ name, cell, sparse = false }, i) => ({
    ...{ cell, sparse },
    prefix: `${i === 0 ? "{" : ","}"${name}":`,
  }));
  return (row) => {
    let text = "";
    for (const { cell, sparse, prefix } of members) {
      const value = cell(row);
      if (value !== null || !sparse) text += prefix + jsonCell(value);
    }
    return `${text}}`;
  };
}

function jsonArrays({ columns }: Table): (row: number) => string {
  return (row) => `[${columns.map(({ cell }) => jsonCell(cell(row))).join(",")}]`;
}

function csvLines(table: Table): (row: number) => string {
  const columns = table.columns.map(escapedForCsv);
  return (row) => `${columns.map(({ cell }) => cell(row) ?? "").join(",")}\n`;
}

function jsonLines(table: Table): (row: number) => string {
  const objects = jsonObjects(table);
  return (row) => `${objects(row)}\n`;
}

export const WRITERS: Readonly<Record<RowFormat, RowWriter>> = {
  json: { opening: () => "[", separator: ",", rows: jsonObjects, closing: "]" },
  ndjson: { opening: () => "", separator: "", rows: jsonLines, closing: "" },
  csv: {
    opening: ({ columns }) => `${columns.map(({ name }) => name).join(",")}\n`,
    separator: "",
    rows: csvLines,
    closing: "",
  },
  ccxt: { opening: () => "[", separator: ",", rows: jsonArrays, closing: "]" },
};

/** The rows of a table; a separator in front of all but the first of the answer. */
function rowsText(table: Table, { separator, rows }: RowWriter, isFirst: boolean): string {
  const rowText = rows(table);
  let text = "";
  for (let row = 0; row < table.rows; row += 1) text += (row === 0 && isFirst ? "" : separator) + rowText(row);
  return text;
}

function columnsText(tables: Tables): string {
  const members = tables[0].columns.map(({ name }, place) => {
    let values = "";
    for (const { rows, columns } of tables) {
      const column = columns[place];
      const cell = column === undefined ? () => null : escapedForJson(column).cell;
      for (let row = 0; row < rows; row += 1) values += `${values === "" ? "" : ","}${jsonCell(cell(row))}`;
    }
    return `"${name}":[${values}]`;
  });
  return `{${members.join(",")}}`;
}

/** A whole answer: the tables' rows one after the other. */
export function tableText(tables: Tables, format: TableFormat): string {
  if (format === "columns") return columnsText(tables);
  const writer = WRITERS[format];
  let rows = "";
  for (const table of tables) rows += rowsText(table, writer, rows === "");
  return writer.opening(tables[0]) + rows + writer.closing;
}

/** A piece of an answer: how many rows it has, and how its text is made, which takes some 10 ms for a whole page. */
export interface Piece {
  readonly rows: number;
  readonly make: () => string | Buffer;
}

/** An answer piece by piece: the tables' rows one after the other. There is at least one table. */
export async function* tablePieces(tables: AsyncIterable<Table>, format: RowFormat): AsyncGenerator<Piece> {
  const writer = WRITERS[format];
  let isOpen = false;
  let hasRows = false;
  for await (const table of tables) {
    const opening = isOpen ? "" : writer.opening(table);
    const isFirst = !hasRows;
    yield { rows: table.rows, make: () => opening + rowsText(table, writer, isFirst) };
    isOpen = true;
    hasRows ||= table.rows > 0;
  }
  if (writer.closing !== "") yield { rows: 0, make: () => writer.closing };
}
