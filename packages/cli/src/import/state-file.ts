import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { open, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Mark } from "./chunks.js";

/** What makes two runs the same import. */
export interface ImportKey {
  /** The file's real path. */
  readonly path: string;
  readonly symbol: string;
  readonly side: string;
  readonly url: string;
  readonly shiftUs: number;
}

/** What tells a changed file from the one that was begun. */
export interface FileIdentity {
  readonly size: number;
  readonly modifiedMs: number;
  readonly headSha256: string;
}

/** How far a run had come. */
export interface SavedImport {
  /** The file's header line, which a later run does not read again. */
  readonly header: string;
  readonly mark: Mark;
}

/** Enough to tell two exports of the same size and time apart. */
const HEAD_BYTES = 64 * 1024;

/** Raised when the meaning of what is saved changes: what another version saved is not used. */
const VERSION = 1;

/** @throws the file system's error when the file cannot be read */
export async function identify(path: string): Promise<FileIdentity & { path: string }> {
  const { size, mtimeMs } = await stat(path);
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const headSha256 = createHash("sha256").update(buffer.subarray(0, bytesRead)).digest("hex");
    return { path: await realpath(path), size, modifiedMs: mtimeMs, headSha256 };
  } finally {
    await file.close();
  }
}

/** Remembers on disk how far one import has come, until it is complete. */
export class StateFile {
  readonly path: string;
  readonly #directory: string;
  readonly #about: string;

  constructor(directory: string, key: ImportKey, identity: FileIdentity) {
    const name = createHash("sha256").update(JSON.stringify(key)).digest("hex").slice(0, 32);
    this.path = join(directory, `${name}.json`);
    this.#directory = directory;
    this.#about = JSON.stringify({ version: VERSION, key, identity });
  }

  /** What an earlier run of this import on this very file saved. */
  load(): SavedImport | undefined {
    try {
      const { about, header, mark } = JSON.parse(readFileSync(this.path, "utf8"));
      // Written by save(), below, in this version: `about` says so.
      return JSON.stringify(about) === this.#about ? ({ header, mark } as SavedImport) : undefined;
    } catch {
      // None was saved, or a crash of the machine left half of it: from the start is always right.
      return undefined;
    }
  }

  /**
   * Replaces what was saved, whole or not at all.
   *
   * @throws the file system's error
   */
  save({ header, mark }: SavedImport): void {
    mkdirSync(this.#directory, { recursive: true });
    const written = `${this.path}.new`;
    writeFileSync(
      written,
      `{"about":${this.#about},"header":${JSON.stringify(header)},"mark":${JSON.stringify(mark)}}\n`,
    );
    renameSync(written, this.path);
  }

  /** Forgets the import. */
  remove(): void {
    rmSync(this.path, { force: true });
  }
}
