import { createHash } from "node:crypto";
import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { FORMAT, FORMAT_KEY, tickFile } from "@fx-ohlc/archive";
import { readSettings, type Sql } from "@fx-ohlc/database";
import { formatTime, type Micros } from "@fx-ohlc/schemas";
import { ByteWriter, ParquetWriter } from "hyparquet-writer";

interface Row {
  readonly time: Micros;
  readonly seq: number;
  readonly price: number;
  readonly bid: number | null;
  readonly ask: number | null;
  readonly recorded_at: Micros | null;
}

/** Small ones, so that a day of some hundred ticks has several. */
const ROWS_PER_GROUP = 250;
const TIMESTAMP = {
  type: "INT64",
  converted_type: "TIMESTAMP_MICROS",
  logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MICROS" },
} as const;

/** A writer of the tests' own, by the layout's description. */
function tickFileOf(rows: readonly Row[]): Buffer {
  const writer = new ByteWriter();
  const schema: ConstructorParameters<typeof ParquetWriter>[0]["schema"] = [
    { name: "ticks", num_children: 6 },
    { name: "time", repetition_type: "REQUIRED", ...TIMESTAMP },
    { name: "seq", repetition_type: "REQUIRED", type: "INT32" },
    { name: "price", repetition_type: "REQUIRED", type: "DOUBLE" },
    { name: "bid", repetition_type: "OPTIONAL", type: "DOUBLE" },
    { name: "ask", repetition_type: "OPTIONAL", type: "DOUBLE" },
    { name: "recorded_at", repetition_type: "OPTIONAL", ...TIMESTAMP },
  ];
  const file = new ParquetWriter({ writer, schema, kvMetadata: [{ key: FORMAT_KEY, value: String(FORMAT) }] });
  void file.write({
    rowGroupSize: ROWS_PER_GROUP,
    pageSize: 512,
    columnData: [
      { name: "time", data: rows.map(({ time }) => BigInt(time)), encoding: "DELTA_BINARY_PACKED", columnIndex: true },
      { name: "seq", data: rows.map(({ seq }) => seq) },
      { name: "price", data: rows.map(({ price }) => price) },
      { name: "bid", data: rows.map(({ bid }) => bid) },
      { name: "ask", data: rows.map(({ ask }) => ask) },
      { name: "recorded_at", data: rows.map((row) => (row.recorded_at === null ? null : BigInt(row.recorded_at))) },
    ],
  });
  void file.finish();
  return Buffer.from(writer.getBytes());
}

/** A folder for a dataset. */
export async function emptyDataset(): Promise<{ readonly path: string; readonly url: string }> {
  const path = await mkdtemp(join(tmpdir(), "fx-archive-"));
  return { path, url: pathToFileURL(path).href };
}

/** Writes all days of ticks before an instant into files, and enters them as not dropped. */
export async function archiveDays(sql: Sql, path: string, beforeUs: Micros): Promise<void> {
  const days = await sql<{ symbol: string; date: string }[]>`
    select distinct symbol, (time at time zone 'UTC')::date::text as date from ticks where time < ${beforeUs}`;
  for (const { symbol, date } of days) {
    const rows = await sql<Row[]>`
      select time, seq, price, bid, ask, recorded_at from ticks
       where symbol = ${symbol} and time >= ${`${date}T00:00:00Z`}::text::timestamptz
         and time < ${`${date}T00:00:00Z`}::text::timestamptz + interval '1 day'
       order by time, seq`;
    const file = tickFile({ symbol, date, n: 1 });
    const bytes = tickFileOf(rows);
    await mkdir(dirname(join(path, file)), { recursive: true });
    await writeFile(join(path, file), bytes);
    await sql`
      insert into archive_days (symbol, date, n, file, ticks_version, ticks, first, last, rows_checksum, file_sha256, bytes,
                                written_at, verified_at)
      values (${symbol}, ${date}::text::date, 1, ${file}, 1, ${rows.length}, ${rows[0]?.time ?? null}, ${rows.at(-1)?.time ?? null},
              'unread', ${createHash("sha256").update(bytes).digest("hex")}, ${bytes.length}, now(), now())`;
  }
}

/** Where a drop may begin to keep ticks: at a day's start, and on TimescaleDB at a chunk's. */
export async function droppableBefore(sql: Sql, day: string): Promise<Micros> {
  const { engine } = await readSettings(sql);
  if (engine === "postgres") return Date.parse(`${day}T00:00:00Z`) * 1000;
  const [chunk] = await sql<{ to: Micros }[]>`
    select range_end as to from timescaledb_information.chunks
     where hypertable_name = 'ticks' and range_end >= ${`${day}T00:00:00Z`}::text::timestamptz order by range_end limit 1`;
  if (chunk === undefined) throw new Error(`no chunk ends after ${day}`);
  return chunk.to;
}

/** Drops archived ticks as the maintenance worker does. */
export async function dropDays(sql: Sql, beforeUs: Micros): Promise<void> {
  const { engine } = await readSettings(sql);
  await sql.begin(async (transaction) => {
    await transaction`update archive_days set dropped_at = now() where date < ${formatTime(beforeUs)}::text::timestamptz::date`;
    if (engine === "timescaledb") {
      await transaction`select drop_chunks('ticks', older_than => ${beforeUs}::timestamptz)`;
      await transaction`delete from tick_chunks where to_time <= ${beforeUs}`;
    } else {
      await transaction`set local fx.keep_bars = 'on'`;
      await transaction`delete from ticks where time < ${beforeUs}`;
    }
  });
}
