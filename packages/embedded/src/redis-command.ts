import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { isRoot } from "./account.js";

const run = promisify(execFile);

/** Two package lists and 1 MB of packages, over a slow line, ms. */
const APT_TIMEOUT_MS = 120_000;

/**
 * Makes sure that `redis-server` can be run from PATH: as root on Debian or Ubuntu it is installed with apt.
 *
 * @param onInstall told when that begins, because it takes a while
 * @throws Error with the one command to run where that is for the user to do.
 */
export async function ensureRedisServer(onInstall?: (line: string) => void): Promise<void> {
  if (await exists("redis-server")) return;
  const canInstall = isRoot() && (await exists("apt-get"));
  if (!canInstall) throw new Error(`redis-server is not installed: run "${await advice()}", or set REDIS_URL`);
  onInstall?.("installing redis-server with apt-get …");
  await installWithApt();
}

async function exists(command: string): Promise<boolean> {
  try {
    await run(command, ["--version"]);
    return true;
  } catch {
    return false;
  }
}

async function advice(): Promise<string> {
  if (await exists("apt-get")) return "sudo apt-get install -y redis-server";
  if (await exists("brew")) return "brew install redis";
  if (await exists("dnf")) return "sudo dnf install -y redis";
  return "your system's package manager for redis";
}

async function installWithApt(): Promise<void> {
  const options = { timeout: APT_TIMEOUT_MS };
  // `env` adds to the environment rather than replacing it: apt needs PATH.
  const apt = (...args: string[]): Promise<unknown> =>
    run("env", ["DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y", ...args], options);
  try {
    await apt("update");
    await apt("install", "--no-install-recommends", "redis-server");
  } catch (cause) {
    throw new Error('redis-server could not be installed: run "apt-get install -y redis-server", or set REDIS_URL', {
      cause,
    });
  }
  await stopDistributionService();
}

/** The package starts a server of its own on port 6379, at once and at every boot. Nobody asked for that one. */
async function stopDistributionService(): Promise<void> {
  await run("service", ["redis-server", "stop"]).catch(() => undefined);
  await run("systemctl", ["disable", "redis-server"]).catch(() => undefined);
}
