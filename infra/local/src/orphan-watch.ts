import { commandLine, isAlive, parentOf } from "@fx-ohlc/embedded";

/** How often to look whether npm is still there, ms. */
const CHECK_INTERVAL_MS = 500;

/**
 * Calls back once when the npm that runs this process is gone.
 *
 * @param parent npm, or the shell that npm starts a script with and that waits for it
 */
export function onOrphaned(parent: number, callback: () => void): void {
  const npm = /^\S*sh -c /.test(commandLine(parent)) ? (parentOf(parent) ?? parent) : parent;
  const timer = setInterval(() => {
    if (isAlive(parent) && isAlive(npm)) return;
    clearInterval(timer);
    callback();
  }, CHECK_INTERVAL_MS);
  timer.unref();
}
