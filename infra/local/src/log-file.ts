import { closeSync, openSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";

/** A week of a service's lines, or some minutes of a server that complains a thousand times a second, bytes. */
const LOG_SIZE_MAX = 5_000_000;

/**
 * Writes lines to `<logs>/<name>.log`. What a full one and an earlier run hold is kept as `<name>.log.1`, nothing older: two
 * times `sizeMax` is all that a program's lines ever take of the disk. A line that cannot be written (a full disk) is lost and
 * ends nothing. Written at once: no queue can grow while the disk is slow.
 */
export function logWriter(logs: string, name: string, sizeMax = LOG_SIZE_MAX): (line: string) => void {
  const file = join(logs, `${name}.log`);
  let handle: number | undefined;
  let size = 0;
  const open = (): number => {
    if (handle !== undefined && size < sizeMax) return handle;
    if (handle !== undefined) closeSync(handle);
    handle = undefined;
    keepOne(file);
    size = 0;
    handle = openSync(file, "w", 0o600);
    return handle;
  };
  return (line) => {
    try {
      size += writeSync(open(), `${line}\n`);
    } catch {
      // The next line tries again.
    }
  };
}

function keepOne(file: string): void {
  try {
    renameSync(file, `${file}.1`);
  } catch {
    // There was none.
  }
}
