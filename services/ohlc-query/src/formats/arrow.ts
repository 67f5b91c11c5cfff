import { Table as ArrowTable, tableToIPC } from "@uwdata/flechette";
import { TypedColumn } from "./arrow-columns.js";
import type { Table, Tables } from "./table.js";
import type { Piece } from "./table-text.js";

/** What ends a stream: the mark of a message, and no length. */
const END = Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0]);

/** An Arrow IPC stream of tables that have the columns of the first: the types, the words of dictionaries, then a batch a table. */
class ArrowStream {
  readonly #columns: readonly TypedColumn[];
  readonly #empty: Table;

  constructor(first: Table, zone: string | undefined) {
    this.#columns = first.columns.map((column) => new TypedColumn(column, zone));
    this.#empty = { ...first, rows: 0 };
  }

  /** With its end. */
  whole(tables: readonly Table[]): Buffer {
    return Buffer.concat(this.parts(tables));
  }

  /** The same as it is written, most of it where the columns lie already: to lay half a megabyte end to end takes as long as the rest. */
  parts(tables: readonly Table[]): readonly Buffer[] {
    const columns = this.#columns.map((typed, place) =>
      typed.of(
        tables.flatMap(({ rows, columns }) => {
          const column = columns[place];
          return column === undefined ? [] : [{ column, rows }];
        }),
      ),
    );
    const fields = this.#columns.map(({ field }) => field);
    const parts: Buffer[] = [];
    const write = (bytes: Uint8Array) => {
      if (bytes.length > 0) parts.push(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
    };
    const sink = { write, pad: (count: number) => write(new Uint8Array(count)), finish: () => null };
    tableToIPC(new ArrowTable({ fields }, columns), { format: "stream", sink });
    return parts;
  }

  /** Up to the rows: the library writes whole streams, and one with one batch more of no rows is longer by just that. */
  get opening(): Buffer {
    const one = this.whole([this.#empty]);
    const two = this.whole([this.#empty, this.#empty]);
    return one.subarray(0, one.length - (two.length - one.length) - END.length);
  }

  /** The rows of a table, which follow what stands before them. */
  batch(table: Table, { length }: Buffer): Buffer {
    const whole = this.whole([table]);
    return whole.subarray(length, whole.length - END.length);
  }
}

/** An answer as an Arrow IPC stream, its symbols in a dictionary. */
export function arrowOf(tables: Tables, zone: string | undefined): readonly Buffer[] {
  return new ArrowStream(tables[0], zone).parts(tables);
}

/** A long answer as an Arrow IPC stream, a batch a table. There is at least one. */
export async function* arrowPieces(tables: AsyncIterable<Table>, zone: string | undefined): AsyncGenerator<Piece> {
  let stream: { readonly arrow: ArrowStream; readonly opening: Buffer } | undefined;
  for await (const table of tables) {
    const isFirst = stream === undefined;
    if (stream === undefined) {
      const arrow = new ArrowStream(table, zone);
      stream = { arrow, opening: arrow.opening };
    }
    const { arrow, opening } = stream;
    const batch = () => arrow.batch(table, opening);
    yield { rows: table.rows, make: () => (isFirst ? Buffer.concat([opening, batch()]) : batch()) };
  }
  yield { rows: 0, make: () => END };
}

/**
 * The types of a table as Parquet files keep them for readers that know Arrow (the key `ARROW:schema`): what Parquet has no word for,
 * the zone of its times, is in them. Texts are plain ones, as they are without it.
 */
export function arrowSchemaOf({ columns }: Table, zone: string): string {
  const plain = columns.map(({ name, cell }) => ({ name, cell }));
  const stream = new ArrowStream({ rows: 0, columns: plain }, zone).whole([]);
  return stream.subarray(0, stream.length - END.length).toString("base64");
}
