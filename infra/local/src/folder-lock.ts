import { spawnSync } from "node:child_process";
import { closeSync, constants, openSync } from "node:fs";
import { platform } from "node:os";
import { errorCode } from "@fx-ohlc/embedded";

/** BSD's and macOS's own flag of `open`, which Node passes on. */
const O_EXLOCK = 0x20;
/** What `flock` ends with when somebody else has the lock. */
const HELD = 1;

/**
 * Takes a lock of the kernel's (flock) on a file for as long as this process lives, however it ends; the file stays, for its
 * removal would let two hold the lock of one name. It also holds between containers that share a volume.
 *
 * @returns the open file, or `undefined` when somebody else has the lock
 * @throws the file system's error, or an Error in one line when this machine cannot lock
 */
export function lockFile(file: string): number | undefined {
  return platform() === "darwin" ? openLocked(file) : openAndLock(file);
}

function openLocked(file: string): number | undefined {
  try {
    return openSync(file, constants.O_RDWR | constants.O_CREAT | constants.O_NONBLOCK | O_EXLOCK, 0o600);
  } catch (error) {
    if (errorCode(error) === "EAGAIN") return undefined;
    throw error;
  }
}

/** Node has no call for it. The lock that the command takes on the file it inherits is that of this process's open file. */
function openAndLock(file: string): number | undefined {
  const handle = openSync(file, constants.O_RDWR | constants.O_CREAT, 0o600);
  const { status, error, stderr } = spawnSync("flock", ["-n", "3"], { stdio: ["ignore", "ignore", "pipe", handle] });
  if (status === 0) return handle;
  closeSync(handle);
  if (status === HELD) return undefined;
  const reason = error ? `${error.message} (flock is in the package util-linux)` : String(stderr).trim();
  throw new Error(`cannot lock ${file}: ${reason}`);
}
