import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { CopiedRows } from "./copied-rows.js";
import { FileStore } from "./file-store.js";
import { parseTickFile, TICK_COLUMNS, tickFile } from "./layout.js";
import { proveTickFile } from "./proof.js";
import { DamagedFileError, FileMissingError, StoreUnavailableError } from "./store.js";
import { RowsChecksum, type TickColumns } from "./tick-columns.js";
import { TickFile } from "./tick-file-reader.js";
import { TickFileWriter } from "./tick-file-writer.js";

/** Files have row groups of a hundred times as many; Jest would take half a minute for one. */
const ROWS_PER_GROUP = 1500;
const FROM_US = 1_764_892_800_000_000;
const EPOCH_US = 946_684_800_000_000;

interface Row {
  readonly us: number;
  readonly seq: number;
  readonly price: number;
  readonly sides?: readonly [number, number];
  readonly recordedUs?: number;
}

/** Two row groups: stamps that ticks share, quotes among prices, and times with microseconds. */
const ROWS: readonly Row[] = Array.from({ length: ROWS_PER_GROUP + 400 }, (_, row) => ({
  us: FROM_US + Math.floor(row / 2) * 300_007,
  seq: row % 2,
  price: 1.1 + (row % 613) / 1e5,
  ...(row % 7 === 0 ? {} : { sides: [1.1 + (row % 613) / 1e5 - 0.00001, 1.1 + (row % 613) / 1e5 + 0.00001] as const }),
  ...(row % 11 === 0 ? {} : { recordedUs: FROM_US + row * 10 + 1 }),
}));

/** As PostgreSQL copies them in its binary format. */
function copyOf(rows: readonly Row[]): Buffer {
  const bytes = Buffer.alloc(21 + rows.length * 68);
  let at = bytes.write("PGCOPY\n\xff\r\n\0", "latin1") + 8;
  const double = (value?: number) => {
    at = bytes.writeInt32BE(value === undefined ? -1 : 8, at);
    if (value !== undefined) at = bytes.writeDoubleBE(value, at);
  };
  const time = (us?: number) => {
    at = bytes.writeInt32BE(us === undefined ? -1 : 8, at);
    if (us !== undefined) at = bytes.writeBigInt64BE(BigInt(us - EPOCH_US), at);
  };
  for (const { us, seq, price, sides, recordedUs } of rows) {
    at = bytes.writeInt16BE(6, at);
    time(us);
    at = bytes.writeInt16BE(seq, bytes.writeInt32BE(2, at));
    double(price);
    double(sides?.[0]);
    double(sides?.[1]);
    time(recordedUs);
  }
  return bytes.subarray(0, bytes.writeInt16BE(-1, at));
}

async function written(rows: readonly Row[]) {
  const writer = await TickFileWriter.open();
  const checksum = new RowsChecksum();
  const parts: Uint8Array[] = [];
  const add = (group: TickColumns) => {
    checksum.add(group);
    parts.push(writer.add(group));
  };
  const copied = new CopiedRows(add, ROWS_PER_GROUP);
  const bytes = copyOf(rows);
  // Of no length that rows have, so that most of them come in two parts.
  for (let at = 0; at < bytes.length; at += 1021) copied.add(bytes.subarray(at, at + 1021));
  copied.endCopy();
  const rest = copied.end();
  if (rest !== undefined) add(rest);
  const file = Buffer.concat([...parts, writer.finish()]);
  const fileSha256 = createHash("sha256").update(file).digest("hex");
  return { file, facts: { ticks: rows.length, bytes: file.length, rowsChecksum: checksum.digest(), fileSha256 } };
}

const file = written(ROWS);

test("a file of ticks holds what was copied, to the last digit and microsecond, as any reader of Parquet sees it", async () => {
  const bytes = (await file).file;
  const buffer = new Uint8Array(bytes).buffer;
  const metadata = parquetMetadata(buffer);
  expect(metadata.schema.slice(1).map(({ name }) => name)).toEqual([...TICK_COLUMNS]);
  expect(metadata.row_groups.map(({ num_rows }) => Number(num_rows))).toEqual([ROWS_PER_GROUP, 400]);
  expect(metadata.row_groups[0]?.columns.map(({ meta_data }) => meta_data?.codec)).toEqual(
    TICK_COLUMNS.map(() => "ZSTD"),
  );
  const found = await parquetReadObjects({
    file: buffer,
    compressors,
    parsers: { timestampFromMicroseconds: (us: bigint | null) => (us === null ? us : Number(us)) },
  });
  const expected = ROWS.map(({ us, seq, price, sides, recordedUs }) => ({
    ...{ time: us, seq, price, bid: sides?.[0] ?? null, ask: sides?.[1] ?? null, recorded_at: recordedUs ?? null },
  }));
  expect(found).toEqual(expected);
});

test("a row group can be read alone, and says which times it has", async () => {
  const bytes = (await file).file;
  const read = async ({ from, to }: { from: number; to: number }) => bytes.subarray(from, to);
  const ticks = await TickFile.open({ path: "x", size: bytes.length, read });
  const last = ROWS.slice(ROWS_PER_GROUP);
  expect(ticks.groups[1]).toMatchObject({
    rows: 400,
    firstUs: BigInt(last[0]?.us ?? 0),
    lastUs: BigInt(last.at(-1)?.us ?? 0),
  });
  const group = await ticks.readGroup(1);
  expect(Array.from(group.time, Number)).toEqual(last.map(({ us }) => us));
  expect(Array.from(group.bid)).toEqual(last.map(({ sides }) => sides?.[0] ?? 0));
});

describe("a file in a folder", () => {
  let folder: string;
  let store: FileStore;
  const path = tickFile({ symbol: "A:B#", date: "2025-12-05", n: 3 });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "fx-archive-"));
    store = new FileStore(pathToFileURL(folder).href);
    const upload = await store.upload(path);
    await upload.write((await file).file);
    expect(await store.find(path)).toBeUndefined();
    await upload.finish();
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  test("is proved by what it holds, and each byte of it counts", async () => {
    const { facts, file: bytes } = await file;
    await proveTickFile(store, path, facts);
    for (const at of [0, 5, Math.floor(bytes.length / 2), bytes.length - 300, bytes.length - 1]) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ 1;
      await writeFile(join(folder, path), damaged);
      await expect(proveTickFile(store, path, facts)).rejects.toThrow(DamagedFileError);
    }
    await writeFile(join(folder, path), bytes.subarray(0, -1));
    await expect(proveTickFile(store, path, facts)).rejects.toThrow(DamagedFileError);
    await writeFile(join(folder, path), bytes);
    await expect(proveTickFile(store, path, { ...facts, rowsChecksum: facts.fileSha256 })).rejects.toThrow(
      DamagedFileError,
    );
    await store.remove(path);
    await expect(proveTickFile(store, path, facts)).rejects.toThrow(FileMissingError);
    await store.write(path, await readFile(join(folder, path)).catch(() => bytes));
    await proveTickFile(store, path, facts);
  });

  test("is damaged, and nothing worse, wherever its metadata is", async () => {
    const { facts, file: bytes } = await written(ROWS.slice(0, 30));
    const metadataBytes = bytes.readUInt32LE(bytes.length - 8);
    for (let at = bytes.length - 8 - metadataBytes; at < bytes.length; at += 11) {
      const damaged = Buffer.from(bytes);
      damaged[at] = (damaged[at] ?? 0) ^ (1 << (at % 8));
      await store.write("ticks/damaged", damaged);
      await expect(proveTickFile(store, "ticks/damaged", facts)).rejects.toThrow(DamagedFileError);
    }
    await store.remove("ticks/damaged");
  });

  test("that cannot be written leaves nothing aside", async () => {
    await mkdir(join(folder, "taken/by a folder"), { recursive: true });
    await expect(store.write("taken", Buffer.from("x"))).rejects.toThrow(StoreUnavailableError);
    expect(await readdir(join(folder, "_uploads"))).toEqual([]);
    await rm(join(folder, "taken"), { recursive: true });
  });

  test("is listed by a name that says which symbol's and day's it is, and an upload that was given up by none", async () => {
    const upload = await store.upload(tickFile({ symbol: "EURUSD", date: "2025-12-05", n: 1 }));
    await upload.write(Buffer.from("PAR1"));
    const names: ReturnType<typeof parseTickFile>[] = [];
    for await (const found of store.list("")) names.push(parseTickFile(found.path));
    expect(names).toEqual([{ symbol: "A:B#", date: "2025-12-05", n: 3 }]);
    await upload.abort();
    expect(path).toBe("ticks/symbol=A%3AB%23/date=2025-12-05/3.parquet");
  });
});
