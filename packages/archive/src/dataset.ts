import { randomBytes } from "node:crypto";
import { DATASET_FILE, type DatasetFile, FORMAT } from "./layout.js";
import { type ArchiveStore, DamagedFileError, FileMissingError } from "./store.js";

/** What names a dataset; undefined where there is none. @throws DamagedFileError @throws StoreUnavailableError */
export async function readDataset(store: ArchiveStore): Promise<DatasetFile | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await store.read(DATASET_FILE);
  } catch (error) {
    if (error instanceof FileMissingError) return undefined;
    throw error;
  }
  return parseDataset(Buffer.from(bytes).toString("utf8"));
}

function parseDataset(text: string): DatasetFile {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new DamagedFileError(DATASET_FILE, "it is no JSON", { cause: error });
  }
  if (typeof parsed === "object" && parsed !== null && "id" in parsed && "format" in parsed) {
    const createdAt = "created_at" in parsed ? String(parsed.created_at) : "";
    return { id: String(parsed.id), format: Number(parsed.format), created_at: createdAt };
  }
  throw new DamagedFileError(DATASET_FILE, "it has no id");
}

/** Makes a dataset where there is none. */
export async function makeDataset(store: ArchiveStore, createdAt: Date): Promise<DatasetFile> {
  const dataset = { id: randomBytes(8).toString("hex"), format: FORMAT, created_at: createdAt.toISOString() };
  await store.write(DATASET_FILE, Buffer.from(`${JSON.stringify(dataset, undefined, 2)}\n`));
  return dataset;
}
