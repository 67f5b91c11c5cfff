import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { open, realpath, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Mark } from "./chunks.js";
import type { ImportOptions } from "./import-files.js";

/** What makes two runs the same import. */
export type ImportKey = Pick<ImportOptions, "symbol" | "url" | "shiftUs"> & {
  /** The files' real paths, in order. */
  readonly paths: readonly string[];
  readonly price: string | undefined;
  /** How they are read. */
  readonly reading: string;
};

/** Enough to tell two exports of the same size and time apart. */
const HEAD_BYTES = 64 * 1024;

/** Raised when the meaning of what is saved changes: what another version saved is not used. */
const VERSION = 4;

function sha256(data: string | Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}

/**
 * What tells a changed file from the one that was begun, with its real path.
 *
 * @throws the file system's error when the file cannot be read
 */
export async function identify(path: string) {
  const { size, mtimeMs } = await stat(path);
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
    const headSha256 = sha256(buffer.subarray(0, bytesRead));
    return { path: await realpath(path), size, modifiedMs: mtimeMs, headSha256 };
  } finally {
    await file.close();
  }
}

/** Remembers on disk how far one import has come, until it is complete. */
export class StateFile {
  readonly path: string;
  readonly #about: string;

  constructor(
    private readonly directory: string,
    key: ImportKey,
    identities: readonly Awaited<ReturnType<typeof identify>>[],
  ) {
    const name = sha256(JSON.stringify(key)).slice(0, 32);
    this.path = join(directory, `${name}.json`);
    // Of thousands of files: as a whole it would be written again with every mark.
    this.#about = sha256(JSON.stringify({ version: VERSION, key, identities }));
  }

  /** How far an earlier run of this import on these very files had come. */
  load(): Mark | undefined {
    try {
      const { about, mark } = JSON.parse(readFileSync(this.path, "utf8"));
      // Written by save(), below, in this version: `about` says so.
      return about === this.#about ? (mark as Mark) : undefined;
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
  save(mark: Mark): void {
    mkdirSync(this.directory, { recursive: true });
    const written = `${this.path}.new`;
    writeFileSync(written, `${JSON.stringify({ about: this.#about, mark })}\n`);
    renameSync(written, this.path);
  }

  /** Forgets the import. */
  remove(): void {
    rmSync(this.path, { force: true });
  }
}
