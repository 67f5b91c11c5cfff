import { randomBytes } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type ArchiveStore,
  type ByteRange,
  FileMissingError,
  type StoredFile,
  StoreUnavailableError,
  type Upload,
} from "./store.js";

/** Files on their way. A name that begins so is hidden from every engine. */
const UPLOADS_FOLDER = "_uploads/";

/**
 * A dataset in a folder. Each file is written aside, brought to the disk, and renamed; then its folder is brought to the disk.
 */
export class FileStore implements ArchiveStore {
  private readonly root: string;

  /** @param url such as `file:///var/lib/fx-archive` */
  constructor(readonly url: string) {
    this.root = fileURLToPath(url);
  }

  read(path: string, range?: ByteRange, signal?: AbortSignal): Promise<Uint8Array> {
    return tellingOfFailures(path, async () => {
      const file = await open(this.placeOf(path));
      try {
        const from = range?.from ?? 0;
        const bytes = new Uint8Array((range?.to ?? (await file.stat()).size) - from);
        let done = 0;
        while (done < bytes.length) {
          signal?.throwIfAborted();
          const { bytesRead } = await file.read(bytes, done, bytes.length - done, from + done);
          if (bytesRead === 0) break;
          done += bytesRead;
        }
        return bytes.subarray(0, done);
      } finally {
        await file.close();
      }
    });
  }

  async find(path: string): Promise<StoredFile | undefined> {
    try {
      return await tellingOfFailures(path, () => this.describe(path));
    } catch (error) {
      if (error instanceof FileMissingError) return undefined;
      throw error;
    }
  }

  async *list(folder: string): AsyncIterable<StoredFile> {
    const names = await tellingOfFailures(folder, () =>
      readdir(this.placeOf(folder), { withFileTypes: true }).catch(none),
    );
    for (const entry of names) {
      const path = `${folder}${entry.name}`;
      if (entry.isDirectory()) {
        if (`${path}/` !== UPLOADS_FOLDER) yield* this.list(`${path}/`);
        continue;
      }
      const file = await this.find(path);
      if (file !== undefined) yield file;
    }
  }

  async write(path: string, bytes: Uint8Array): Promise<void> {
    const upload = await this.upload(path);
    try {
      await upload.write(bytes);
      await upload.finish();
    } catch (error) {
      // On a full disk what is left aside makes it no better.
      await upload.abort();
      throw error;
    }
  }

  upload(path: string): Promise<Upload> {
    return tellingOfFailures(path, async () => {
      const aside = this.placeOf(`${UPLOADS_FOLDER}${randomBytes(12).toString("hex")}`);
      await mkdir(dirname(aside), { recursive: true });
      return new FileUpload(aside, path, this.placeOf(path), await open(aside, "wx"));
    });
  }

  move(from: string, to: string): Promise<void> {
    return tellingOfFailures(from, () => renameDurably(this.placeOf(from), this.placeOf(to)));
  }

  remove(path: string): Promise<void> {
    return tellingOfFailures(path, async () => {
      await rm(this.placeOf(path), { force: true });
      await syncFolder(dirname(this.placeOf(path))).catch(none);
    });
  }

  async clearUploads(begunBeforeMs: number): Promise<void> {
    const names = await readdir(this.placeOf(UPLOADS_FOLDER)).catch(none);
    for (const name of names) {
      const aside = this.placeOf(`${UPLOADS_FOLDER}${name}`);
      const found = await stat(aside).catch(() => undefined);
      if (found !== undefined && found.mtimeMs < begunBeforeMs) await rm(aside, { force: true });
    }
  }

  async close(): Promise<void> {}

  private placeOf(path: string): string {
    return join(this.root, path.split("/").join(sep));
  }

  private async describe(path: string): Promise<StoredFile | undefined> {
    const { size: bytes, mtimeMs: modifiedMs } = await stat(this.placeOf(path));
    return { path, bytes, modifiedMs };
  }
}

class FileUpload implements Upload {
  constructor(
    private readonly aside: string,
    private readonly path: string,
    private readonly place: string,
    private readonly file: FileHandle,
  ) {}

  write(bytes: Uint8Array): Promise<void> {
    return tellingOfFailures(this.path, () => this.file.writeFile(bytes));
  }

  finish(): Promise<void> {
    return tellingOfFailures(this.path, async () => {
      await this.file.sync();
      await this.file.close();
      await renameDurably(this.aside, this.place);
    });
  }

  async abort(): Promise<void> {
    await this.file.close().catch(() => {});
    await rm(this.aside, { force: true }).catch(() => {});
  }
}

/** The folder of the new name first: a name that is lost leaves nothing that points to it. Then each that it was made in. */
async function renameDurably(from: string, to: string): Promise<void> {
  const made = await mkdir(dirname(to), { recursive: true });
  await rename(from, to);
  const last = made === undefined ? dirname(to) : dirname(made);
  for (let folder = dirname(to); ; folder = dirname(folder)) {
    await syncFolder(folder);
    if (folder === last) return;
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** What is listed where there is no folder. */
function none(error: NodeJS.ErrnoException): [] {
  if (error.code !== "ENOENT") throw error;
  return [];
}

async function tellingOfFailures<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    if (code === "ENOENT") throw new FileMissingError(path);
    throw new StoreUnavailableError(`the archive's folder: ${code} at ${path}`, { cause: error });
  }
}

/** Of an error of the operating system's. */
function codeOf(error: unknown): string | undefined {
  const isCoded = typeof error === "object" && error !== null && "code" in error && "syscall" in error;
  return isCoded ? String(error.code) : undefined;
}
