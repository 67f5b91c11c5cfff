import {
  chownSync,
  closeSync,
  fchmodSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import type { Account } from "./account.js";
import { errorCode, fileProblem } from "./file-problem.js";

/** Nothing that is kept is for others of this machine. */
const MODE = 0o600;

export interface WriteAsideOptions {
  /** Who alone may read it; default: this user. */
  owner?: Account | undefined;
}

/**
 * Writes a small file that is kept: under another name first, flushed to disk, then renamed. A full disk, a kill or a power
 * cut leaves the file as it was, never an empty one or half of one.
 *
 * @throws Error in one line, when it cannot be written; what was there before is there still
 */
export function writeAside(file: string, text: string, { owner }: WriteAsideOptions = {}): void {
  const aside = `${file}.new`;
  try {
    // What a killed run left may have another mode or owner.
    rmSync(aside, { force: true });
    writeFlushed(aside, text);
    if (owner) chownSync(aside, owner.uid, owner.gid);
    renameSync(aside, file);
    flush(dirname(file));
  } catch (cause) {
    giveUp(aside);
    throw new Error(`cannot write ${file}: ${fileProblem(cause)}`, { cause });
  }
}

/** What {@link writeAside} wrote, without the white space around it; a file that is empty counts as absent. */
export function readKept(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim() || undefined;
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errorCode(error) ?? "")) return undefined;
    throw new Error(`cannot read ${file}: ${fileProblem(error)}`, { cause: error });
  }
}

/** Gives back what a full disk has no room for. */
function giveUp(aside: string): void {
  try {
    rmSync(aside, { force: true });
  } catch {
    // Where nothing can be written nothing can be removed either; the first error is the one that counts.
  }
}

function writeFlushed(file: string, text: string): void {
  const handle = openSync(file, "wx", MODE);
  try {
    // Whatever the umask.
    fchmodSync(handle, MODE);
    writeFileSync(handle, text);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Makes the new name itself last over a power cut. */
function flush(folder: string): void {
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
