import { parseTime, US_PER_DAY } from "@fx-ohlc/schemas";
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import type { Column } from "./table.js";

type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]["schema"][number];

/** Rows in a row group, all of which are in memory at a time: some 40 MB, and what readers fetch and skip by. */
const GROUP_ROWS = 100_000;

/** Only the sides of quotes may be missing. Times are UTC instants, so that no reader takes them for local ones. */
function schemaElement({ name, kind }: Column<never>): SchemaElement {
  const common = { name, repetition_type: "REQUIRED" } as const;
  switch (kind) {
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
    case "side":
      return { ...common, repetition_type: "OPTIONAL", type: "DOUBLE" };
    case "count":
      return { ...common, type: "INT64" };
    case "flag":
      return { ...common, type: "BOOLEAN" };
  }
}

type Cell = bigint | string | number | boolean | null;

function cellOf<Row>(column: Column<Row>, row: Row): Cell {
  switch (column.kind) {
    case "time":
      return BigInt(parseTime(column.of(row)) ?? 0);
    case "date":
      return (parseTime(`${column.of(row)}T00:00:00Z`) ?? 0) / US_PER_DAY;
    case "count":
      return BigInt(column.of(row));
    case "side":
      return column.of(row) ?? null;
    default:
      return column.of(row);
  }
}

/** Writes rows to memory, and hands out what has been written since it was last asked. */
class Group<Row> {
  readonly #bytes = new ByteWriter();
  readonly #file: ParquetWriter;
  #cells: Cell[][];
  #rows = 0;

  constructor(private readonly columns: readonly Column<Row>[]) {
    const root = { name: "root", num_children: columns.length };
    const schema = [root, ...columns.map(schemaElement)];
    this.#file = new ParquetWriter({ writer: this.#bytes, schema, createdBy: "fx-ticks" });
    this.#cells = columns.map(() => []);
  }

  get isFull(): boolean {
    return this.#rows === GROUP_ROWS;
  }

  add(row: Row): void {
    for (const [index, column] of this.columns.entries()) this.#cells[index]?.push(cellOf(column, row));
    this.#rows += 1;
  }

  async take(): Promise<Buffer> {
    const columnData = this.columns.map(({ name }, index) => ({ name, data: this.#cells[index] ?? [] }));
    await this.#file.write({ columnData, rowGroupSize: GROUP_ROWS });
    this.#cells = this.columns.map(() => []);
    this.#rows = 0;
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

/** A Parquet file, one row group after the other. */
export async function* parquet<Row>(rows: AsyncIterable<Row>, columns: readonly Column<Row>[]): AsyncGenerator<Buffer> {
  const group = new Group(columns);
  for await (const row of rows) {
    group.add(row);
    if (group.isFull) yield await group.take();
  }
  yield await group.take();
  yield await group.finish();
}
