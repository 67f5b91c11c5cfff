import { parseTime, US_PER_DAY } from "@fx-ohlc/schemas";
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import { arrowSchemaOf } from "./arrow.js";
import { type Kind, kindOf, mayBeNull } from "./column-kinds.js";
import type { Cell, Column, Table, Tables } from "./table.js";
import type { Piece } from "./table-text.js";

type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]["schema"][number];

/** Rows of a row group of a long answer, some MB while it is made; each adds a kB to the index at the end. */
const GROUP_ROWS = 20_000;

/** Times are UTC instants, so that no reader takes them for local ones; texts are put into a dictionary where that is shorter. */
function schemaElement(name: string): SchemaElement {
  const common = { name, repetition_type: mayBeNull(name) ? "OPTIONAL" : "REQUIRED" } as const;
  switch (kindOf(name)) {
    case "time":
      return {
        ...{ ...common, type: "INT64", converted_type: "TIMESTAMP_MICROS" },
        logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MICROS" },
      };
    case "date":
      return { ...common, type: "INT32", converted_type: "DATE", logical_type: { type: "DATE" } };
    case "text":
      return { ...common, type: "BYTE_ARRAY", converted_type: "UTF8", logical_type: { type: "STRING" } };
    case "price":
      return { ...common, type: "DOUBLE" };
    case "count":
      return { ...common, type: "INT64" };
    case "flag":
      return { ...common, type: "BOOLEAN" };
  }
}

type Value = bigint | string | number | boolean | null;

function valuesOf({ name, cell, instants }: Column): (row: number) => Value {
  const kind = kindOf(name);
  if (instants === undefined) return (row) => cellValue(kind, cell(row));
  return (row) => {
    const us = instants.at(row);
    return us === null ? null : BigInt(us);
  };
}

function cellValue(kind: Kind, cell: Cell): Value {
  if (cell === null) return null;
  switch (kind) {
    case "date":
      return (parseTime(`${cell}T00:00:00Z`) ?? 0) / US_PER_DAY;
    case "count":
      return BigInt(cell);
    default:
      return cell;
  }
}

/** A file in the making, which hands out what has been written since it was last asked. */
class ParquetFile {
  readonly #bytes = new ByteWriter();
  readonly #file: ParquetWriter;
  readonly #names: readonly string[];
  #values: Value[][];
  rows = 0;

  /**
   * @param first its columns are those of all tables
   * @param zone that its times are of, for readers that know Arrow
   */
  constructor(first: Table, zone: string | undefined) {
    const { columns } = first;
    this.#names = columns.map(({ name }) => name);
    const schema = [{ name: "root", num_children: columns.length }, ...this.#names.map(schemaElement)];
    this.#file = new ParquetWriter({
      ...{ writer: this.#bytes, schema, createdBy: "fx-ohlc" },
      ...(zone === undefined ? {} : { kvMetadata: [{ key: "ARROW:schema", value: arrowSchemaOf(first, zone) }] }),
    });
    this.#values = columns.map(() => []);
  }

  add({ rows, columns }: Table): void {
    for (const [index, column] of columns.entries()) {
      const valueAt = valuesOf(column);
      const values = this.#values[index];
      for (let row = 0; row < rows; row += 1) values?.push(valueAt(row));
    }
    this.rows += rows;
  }

  /** Ends a row group. */
  async take(): Promise<Buffer> {
    const columnData = this.#names.map((name, index) => ({ name, data: this.#values[index] ?? [] }));
    if (this.rows > 0) await this.#file.write({ columnData, rowGroupSize: GROUP_ROWS });
    this.#values = this.#names.map(() => []);
    this.rows = 0;
    return this.#written();
  }

  /** The file's index, which stands at its end. */
  async finish(): Promise<Buffer> {
    await this.#file.finish();
    return this.#written();
  }

  #written(): Buffer {
    const bytes = Buffer.from(this.#bytes.getBytes());
    // The offset goes on: what the index says are places in the file.
    this.#bytes.index = 0;
    return bytes;
  }
}

/** An answer as a Parquet file. */
export async function parquetOf(tables: Tables, zone: string | undefined): Promise<Buffer> {
  const file = new ParquetFile(tables[0], zone);
  for (const table of tables) file.add(table);
  return Buffer.concat([await file.take(), await file.finish()]);
}

/** A long answer as a Parquet file, one row group after the other. There is at least one table. */
export async function* parquetPieces(tables: AsyncIterable<Table>, zone: string | undefined): AsyncGenerator<Piece> {
  let file: ParquetFile | undefined;
  for await (const table of tables) {
    file ??= new ParquetFile(table, zone);
    file.add(table);
    if (file.rows < GROUP_ROWS) continue;
    const { rows } = file;
    const bytes = await file.take();
    yield { rows, make: () => bytes };
  }
  if (file === undefined) return;
  const { rows } = file;
  const bytes = Buffer.concat([await file.take(), await file.finish()]);
  yield { rows, make: () => bytes };
}
