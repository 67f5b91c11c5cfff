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
  remove(): void;
}

/** @returns `undefined`, after saying why, where this user cannot mount one */
export function smallDisk(sizeKb: number): SmallDisk | undefined {
  const folder = mkdtempSync(join(tmpdir(), "fx-small-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${sizeKb}k`, "fx-small-disk", folder], { stdio: "pipe" });
  } catch {
    rmdirSync(folder);
    process.stderr.write(
      `no full disk is tried: ${isRoot() ? "mount is not allowed here" : "only root can mount one"}\n`,
    );
    return undefined;
  }
  return {
    folder,
    resize: (newSizeKb) => execFileSync("mount", ["-o", `remount,size=${newSizeKb}k`, folder]),
    remove: () => {
      execFileSync("umount", [folder]);
      rmdirSync(folder);
    },
  };
}
