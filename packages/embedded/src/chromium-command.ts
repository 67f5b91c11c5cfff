import { access, constants } from "node:fs/promises";
import { delimiter, resolve } from "node:path";
import { env } from "node:process";
import { canInstallWithApt, installAdvice, installWithApt } from "./apt.js";

/** Where a Chromium may be, in the order they are tried. */
const COMMANDS = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
];
/** Some 300 MB with all it needs, over a slow line, ms. */
const INSTALL_TIMEOUT_MS = 600_000;

const PACKAGES = { apt: "chromium", brew: "--cask chromium", dnf: "chromium" };

/**
 * The path of the Chromium to run: `CHROMIUM_PATH`, or one that is found. As root on Debian or Ubuntu it is installed with apt.
 *
 * @param onInstall told when that begins, because it takes minutes
 * @throws Error with the one command to run where that is for the user to do.
 */
export async function ensureChromium(onInstall?: (line: string) => void): Promise<string> {
  const found = await findChromium();
  if (found !== undefined) return found;
  if (env.CHROMIUM_PATH) throw new Error(`CHROMIUM_PATH names ${env.CHROMIUM_PATH}, which cannot be run`);
  if (await canInstallWithApt()) {
    onInstall?.("installing chromium with apt-get …");
    await installWithApt(PACKAGES.apt, INSTALL_TIMEOUT_MS).catch(() => undefined);
  }
  const installed = await findChromium();
  if (installed !== undefined) return installed;
  throw new Error(`Chromium is not installed: run "${await installAdvice(PACKAGES)}", or set CHROMIUM_PATH`);
}

async function findChromium(): Promise<string | undefined> {
  const folders = (env.PATH ?? "").split(delimiter);
  const commands = env.CHROMIUM_PATH ? [env.CHROMIUM_PATH] : COMMANDS;
  for (const command of commands) {
    // A path that is absolute stays as it is.
    for (const folder of folders) if (await isProgram(resolve(folder, command))) return resolve(folder, command);
  }
  return undefined;
}

function isProgram(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}
