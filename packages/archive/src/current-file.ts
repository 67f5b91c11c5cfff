import type { SchemaElement } from "hyparquet";
import { parquetReadObjects } from "hyparquet";
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import type { CurrentFile } from "./entry.js";
import { CURRENT_FILE, FORMAT, FORMAT_KEY } from "./layout.js";
import { type ArchiveStore, DamagedFileError } from "./store.js";
import { loadZstd, ZSTD } from "./zstd.js";

const SCHEMA: SchemaElement[] = [
  { name: "current", num_children: 5 },
  text("symbol"),
  { name: "date", repetition_type: "REQUIRED", type: "INT32", converted_type: "DATE", logical_type: { type: "DATE" } },
  text("path"),
  { name: "ticks", repetition_type: "REQUIRED", type: "INT64" },
  text("checksum"),
];

function text(name: string): SchemaElement {
  return {
    ...{ name, repetition_type: "REQUIRED", type: "BYTE_ARRAY" },
    ...{ converted_type: "UTF8", logical_type: { type: "STRING" } },
  };
}

/**
 * Replaces the list of files that count, at once.
 *
 * @param parts of it, by symbol and date; some thousand files each
 */
export async function writeCurrent(store: ArchiveStore, parts: AsyncIterable<readonly CurrentFile[]>): Promise<void> {
  await loadZstd();
  const writer = new ByteWriter();
  const file = new ParquetWriter({
    ...{ writer, schema: SCHEMA, codec: "ZSTD", compressors: { ZSTD: ZSTD.compress }, createdBy: "fx-ohlc" },
    kvMetadata: [{ key: FORMAT_KEY, value: String(FORMAT) }],
  });
  for await (const files of parts) {
    void file.write({
      rowGroupSize: files.length,
      columnData: [
        { name: "symbol", data: files.map(({ symbol }) => symbol) },
        { name: "date", data: files.map(({ date }) => new Date(`${date}T00:00:00Z`)) },
        { name: "path", data: files.map(({ path }) => path) },
        { name: "ticks", data: files.map(({ ticks }) => BigInt(ticks)) },
        { name: "checksum", data: files.map(({ checksum }) => checksum) },
      ],
    });
  }
  void file.finish();
  await store.write(CURRENT_FILE, writer.getBytes());
}

/** @throws FileMissingError @throws DamagedFileError @throws StoreUnavailableError */
export async function readCurrent(store: ArchiveStore): Promise<CurrentFile[]> {
  await loadZstd();
  const bytes = await store.read(CURRENT_FILE);
  try {
    const rows = await parquetReadObjects({
      file: new Uint8Array(bytes).buffer,
      compressors: { ZSTD: ZSTD.decompress },
      parsers: { dateFromDays: (days: number) => new Date(days * 86_400_000).toISOString().slice(0, 10) },
    });
    return rows.map(({ symbol, date, path, ticks, checksum }) => ({
      ...{ symbol: String(symbol), date: String(date), path: String(path), ticks: Number(ticks) },
      checksum: String(checksum),
    }));
  } catch (error) {
    throw new DamagedFileError(CURRENT_FILE, "it cannot be read", { cause: error });
  }
}
