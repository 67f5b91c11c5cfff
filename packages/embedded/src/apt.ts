import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { isRoot } from "./account.js";

const run = promisify(execFile);

/** Two package lists and the packages, over a slow line, ms. */
const APT_TIMEOUT_MS = 120_000;

/** Whether a command is there and can be run. */
export async function isCommand(command: string): Promise<boolean> {
  try {
    await run(command, ["--version"]);
    return true;
  } catch {
    return false;
  }
}

/** Whether this is root on Debian or Ubuntu. */
export async function canInstallWithApt(): Promise<boolean> {
  return isRoot() && (await isCommand("apt-get"));
}

/** @throws Error when apt fails */
export async function installWithApt(name: string, timeoutMs = APT_TIMEOUT_MS): Promise<void> {
  // `env` adds to the environment rather than replacing it: apt needs PATH.
  const apt = (...args: string[]): Promise<unknown> =>
    run("env", ["DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y", ...args], { timeout: timeoutMs });
  await apt("update");
  await apt("install", "--no-install-recommends", name);
}

/** The one command with which this machine's user installs something, by the package's name for each package manager. */
export async function installAdvice(names: { apt: string; brew: string; dnf: string }): Promise<string> {
  if (await isCommand("apt-get")) return `sudo apt-get install -y ${names.apt}`;
  if (await isCommand("brew")) return `brew install ${names.brew}`;
  if (await isCommand("dnf")) return `sudo dnf install -y ${names.dnf}`;
  return `your system's package manager for ${names.apt}`;
}
