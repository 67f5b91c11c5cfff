import { parseTime, US_PER_DAY } from "@fx-ohlc/schemas";
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import type { Cell, Table } from "./table.js";
import type { Piece } from "./table-text.js";

type SchemaElement = ConstructorParameters<typeof ParquetWriter>[0]["schema"][number];

/** Rows of a row group of a long answer, some MB while it is made; each adds a kB to the index at the end. */
const GROUP_ROWS = 20_000;

type Kind = "time" | "date" | "text" | "price" | "count" | "flag";

/** What columns hold that are no prices: a name means the same wherever it is. */
const KINDS: Readonly<Record<string, Kind>> = {
  ...{ bucket: "time", time: "time", first_tick: "time", last_tick: "time", last_heard: "time", date: "date" },
  ...{ at: "time", from: "time", to: "time", by: "text", reason: "text", id: "count", ticks: "count", undoes: "count" },
  ...{ symbol: "text", empty: "text", session: "text", kind: "text", description: "text" },
  ...{ tick_count: "count", quote_count: "count", seq: "count", digits: "count", quiet_after_s: "count" },
  ...{ complete: "flag", quotes: "flag" },
};

const kindOf = (name: string): Kind => KINDS[name] ?? "price";

/** What each row has. */
const ALWAYS: ReadonlySet<string> = new Set(["bucket", "time", "symbol"]);

/** Times are UTC instants, so that no reader takes them for local ones; texts are put into a dictionary where that is shorter. */
function schemaElement(name: string): SchemaElement {
  const common = { name, repetition_type: ALWAYS.has(name) ? "REQUIRED" : "OPTIONAL" } as const;
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

function cellValue(kind: Kind, cell: Cell): Value {
  if (cell === null) return null;
  switch (kind) {
    case "time":
      return BigInt(parseTime(cell) ?? 0);
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

  /** @param columns those of the first table are those of all */
  constructor({ columns }: Table) {
    this.#names = columns.map(({ name }) => name);
    const schema = [{ name: "root", num_children: columns.length }, ...this.#names.map(schemaElement)];
    this.#file = new ParquetWriter({ writer: this.#bytes, schema, createdBy: "fx-ohlc" });
    this.#values = columns.map(() => []);
  }

  add({ rows, columns }: Table): void {
    for (const [index, { name, cell }] of columns.entries()) {
      const kind = kindOf(name);
      const values = this.#values[index];
      for (let row = 0; row < rows; row += 1) values?.push(cellValue(kind, cell(row)));
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

/** A table as a Parquet file. */
export async function parquetOf(table: Table): Promise<Buffer> {
  const file = new ParquetFile(table);
  file.add(table);
  return Buffer.concat([await file.take(), await file.finish()]);
}

/** A long answer as a Parquet file, one row group after the other. There is at least one table. */
export async function* parquetPieces(tables: AsyncIterable<Table>): AsyncGenerator<Piece> {
  let file: ParquetFile | undefined;
  for await (const table of tables) {
    file ??= new ParquetFile(table);
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
