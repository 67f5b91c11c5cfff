import { commandLine, identityOf, isRunning, parentOf } from "@fx-ohlc/embedded";

/** How often to look whether npm is still there, ms. */
const CHECK_INTERVAL_MS = 500;

/**
 * Calls back once when the npm that runs this process is gone.
 *
 * @param parent npm, or the shell that npm starts a script with and that waits for it
 */
export function onOrphaned(parent: number, callback: () => void): void {
  const npm = /^\S*sh -c /.test(commandLine(parent)) ? parentOf(parent) || parent : parent;
  // Not by their ids, which are another process's as soon as they are free.
  const both = [parent, npm].map(identityOf);
  const timer = setInterval(() => {
    if (both.every((process) => process !== undefined && isRunning(process))) return;
    clearInterval(timer);
    callback();
  }, CHECK_INTERVAL_MS);
  timer.unref();
}
