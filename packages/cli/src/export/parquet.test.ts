import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { parquet } from "./parquet.js";
import { barColumns, type Column, tickColumns } from "./table.js";

async function written<Row>(
  rows: Iterable<Row>,
  columns: readonly Column<Row>[],
): Promise<{ file: ArrayBuffer; blocks: number }> {
  const source = (async function* () {
    yield* rows;
  })();
  const blocks: Buffer[] = [];
  for await (const block of parquet(source, columns)) blocks.push(block);
  return { file: new Uint8Array(Buffer.concat(blocks)).buffer, blocks: blocks.length };
}

const tick = (index: number) => ({
  symbol: "EURUSD",
  time: `2025-12-05T10:00:00.${String(index).padStart(6, "0")}Z`,
  price: 1 + index / 1e5,
  seq: index % 3,
});

describe("parquet", () => {
  it("holds every row of more than one row group, times to the microsecond in UTC and prices to the last bit", async () => {
    const count = 100_003;
    const { file, blocks } = await written(
      (function* () {
        for (let index = 0; index < count; index += 1) yield tick(index);
      })(),
      tickColumns(false),
    );
    expect(blocks).toBe(3);
    const { num_rows, row_groups, schema } = parquetMetadata(file);
    expect([num_rows, row_groups.length]).toEqual([BigInt(count), 2]);
    expect(schema[1]).toMatchObject({
      ...{ name: "time", type: "INT64", repetition_type: "REQUIRED" },
      logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MICROS" },
    });
    const parsers = { timestampFromMicroseconds: (us: bigint) => us };
    const rows = await parquetReadObjects({ file, parsers });
    const startUs = BigInt(Date.parse("2025-12-05T10:00:00Z")) * 1000n;
    const wrong = rows.filter(({ time, symbol, price, seq }, index) => {
      const expected = tick(index);
      return (
        time !== startUs + BigInt(index) ||
        symbol !== "EURUSD" ||
        price !== expected.price ||
        seq !== BigInt(expected.seq)
      );
    });
    expect([rows.length, wrong]).toEqual([count, []]);
  });

  it("holds bars with the date of their FX day", async () => {
    const bar = {
      ...{ bucket: "2025-12-04T22:00:00Z", symbol: "EURUSD", open: 1.1, high: 1.3, low: 1, close: 1.2 },
      ...{ tick_count: 4_000_000_000, complete: false, date: "2025-12-05" },
    };
    const { file } = await written([bar], barColumns("1d"));
    await expect(parquetReadObjects({ file })).resolves.toEqual([
      { ...bar, bucket: new Date(bar.bucket), tick_count: 4_000_000_000n, date: new Date("2025-12-05T00:00:00Z") },
    ]);
  });

  it("is a file also without rows", async () => {
    const { file } = await written([], tickColumns(false));
    await expect(parquetReadObjects({ file })).resolves.toEqual([]);
    expect(
      parquetMetadata(file)
        .schema.slice(1)
        .map(({ name }) => name),
    ).toEqual(["time", "symbol", "price", "seq"]);
  });
});
