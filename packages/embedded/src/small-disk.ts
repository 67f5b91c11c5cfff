import { execFileSync } from "node:child_process";
import { mkdtempSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isRoot } from "./account.js";

/** A file system of its own, for tests of a full disk. */
export interface SmallDisk {
  readonly folder: string;
  /** Makes it this large, KiB. */
  resize(sizeKb: number): void;
}

/** Does a piece of work on a small disk that is gone afterwards; where this user cannot mount one it says so and does nothing. */
export async function onSmallDisk(sizeKb: number, work: (disk: SmallDisk) => void | Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "fx-small-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${sizeKb}k,mode=755`, "fx-small-disk", folder], {
      stdio: "pipe",
    });
  } catch {
    rmdirSync(folder);
    process.stderr.write(
      `no full disk is tried: ${isRoot() ? "mount is not allowed here" : "only root can mount one"}\n`,
    );
    return;
  }
  const resize = (newSizeKb: number): void => {
    execFileSync("mount", ["-o", `remount,size=${newSizeKb}k`, folder]);
  };
  try {
    await work({ folder, resize });
  } finally {
    // Lazily: what is still open there must not keep it.
    execFileSync("umount", ["-l", folder]);
    rmdirSync(folder);
  }
}
