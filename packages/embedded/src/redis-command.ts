import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { canInstallWithApt, installAdvice, installWithApt, isCommand } from "./apt.js";

const run = promisify(execFile);

const PACKAGES = { apt: "redis-server", brew: "redis", dnf: "redis" };

/**
 * Makes sure that `redis-server` can be run from PATH: as root on Debian or Ubuntu it is installed with apt.
 *
 * @param onInstall told when that begins, because it takes a while
 * @throws Error with the one command to run where that is for the user to do.
 */
export async function ensureRedisServer(onInstall?: (line: string) => void): Promise<void> {
  if (await isCommand("redis-server")) return;
  if (!(await canInstallWithApt())) {
    throw new Error(`redis-server is not installed: run "${await installAdvice(PACKAGES)}", or set REDIS_URL`);
  }
  onInstall?.("installing redis-server with apt-get …");
  try {
    await installWithApt(PACKAGES.apt);
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
