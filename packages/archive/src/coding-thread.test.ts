import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { CodingThread } from "./coding-thread.js";
import { FileStore } from "./file-store.js";
import { DamagedFileError, FileMissingError, StoreUnavailableError } from "./store.js";

let folder: string;
let store: FileStore;
const coder = new CodingThread();
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "fx-coding-"));
  store = new FileStore(pathToFileURL(folder).href);
});
afterAll(async () => {
  await coder.close();
  await rm(folder, { recursive: true, force: true });
});

const HEADER = Buffer.concat([Buffer.from("PGCOPY\n\xff\r\n\0", "latin1"), Buffer.alloc(8)]);
const END = Buffer.from([0xff, 0xff]);

/** A copy of one tick at so many microseconds after 2000, without sides. */
function copyOf(us: number): Uint8Array {
  const row = Buffer.alloc(2 + 12 + 6 + 12 + 4 + 4 + 4);
  row.writeInt16BE(6, 0);
  row.writeInt32BE(8, 2);
  row.writeBigInt64BE(BigInt(us), 6);
  row.writeInt32BE(2, 14);
  row.writeInt32BE(8, 20);
  row.writeDoubleBE(1.5, 24);
  for (const at of [32, 36, 40]) row.writeInt32BE(-1, at);
  return new Uint8Array(Buffer.concat([HEADER, row, END]));
}

test("a file is proved in the thread, and what is wrong with it or the store is told as it is", async () => {
  const coding = await coder.open();
  coding.add(copyOf(1));
  expect(await coding.endCopy()).toMatchObject({ ticks: 1, lastUs: 946_684_800_000_001 });
  const { pieces, facts } = await coding.finish();
  const bytes = Buffer.concat(pieces);
  await writeFile(join(folder, "day"), bytes);
  await coder.prove(store, "day", facts);
  bytes[9] = (bytes[9] ?? 0) ^ 1;
  await writeFile(join(folder, "day"), bytes);
  await expect(coder.prove(store, "day", facts)).rejects.toThrow(DamagedFileError);
  await expect(coder.prove(store, "none", facts)).rejects.toThrow(FileMissingError);
  const away = { find: store.find.bind(store), read: () => Promise.reject(new StoreUnavailableError("away")) };
  await expect(coder.prove(away, "day", facts)).rejects.toThrow(StoreUnavailableError);
});

test("a day whose thread has ended fails, and is not taken for one that begins where it was", async () => {
  const coding = await coder.open();
  coding.add(copyOf(1));
  await coding.endCopy();
  await coder.close();
  coding.add(copyOf(2));
  await expect(coding.endCopy()).rejects.toThrow("has ended");
  await expect(coding.finish()).rejects.toThrow("has ended");
});
