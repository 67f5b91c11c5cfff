import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type Account, canReach, closedTo } from "./account.js";
import { HOME_FILE, type HomeFile, homeFileText, readHomeFile, writeHomeFile } from "./home-file.js";
import { readPostmaster } from "./postmaster-file.js";
import { hashOf, SHARED_ROOT, sharedPath } from "./server-folders.js";
import { command } from "./shell.js";

export interface HomeOptions {
  /** The data folder. */
  readonly dataDir: string;
  /** What the server runs under, when that is not this user. */
  readonly account: Account | undefined;
  /** Where the database goes that the account could not reach in its data folder. Default: /var/lib/fx-ohlc. */
  readonly sharedRoot?: string;
  /** Told in one line what the user should know: that the folder was moved, that an old database lies elsewhere. */
  say?(line: string): void;
}

/** The PostgreSQL cluster, inside its home. */
export function clusterIn(home: string): string {
  return join(home, "cluster");
}

/**
 * Finds the home of a data folder's database, or decides on one. PostgreSQL does not run as root, and the account it gets
 * there may not be able to enter the data folder; the home is then a folder of its own under /var/lib/fx-ohlc, else it is
 * the data folder itself. A data folder can be moved, copied and deleted, and a home outside does not follow, so each names
 * the other in a file (`database.json`) and they must agree:
 *
 * - **started first**: an id is drawn, the home gets the file, then the folder does. A kill in between leaves a home without
 *   a cluster, which the next start takes.
 * - **moved**: the folder names the home, the home names a path where no such folder is any more. The home gets the new path.
 * - **copied**: the home names a path where a folder with the same id is. Refused, for two folders would share a cluster.
 * - **deleted**: a home names this path, and the folder there is new. It gets a home of its own, and the old one is told.
 * - **home gone**: the folder names a home that is not there (another machine, a new container). Refused.
 *
 * @returns the real path of the home
 * @throws Error in one line that says what to do
 */
export function databaseHome(options: HomeOptions): string {
  const isNew = mkdirSync(options.dataDir, { recursive: true }) !== undefined;
  const folder = realpathSync(options.dataDir);
  const named = readHomeFile(folder) ?? firstStart(folder, isNew, options);
  if (named.home === undefined) requireInside(folder, named, options.account);
  else requireOutside(folder, named, named.home, options);
  const home = named.home ?? folder;
  requireWhole(home, named);
  tellOthers(folder, named.id, options);
  return home;
}

function firstStart(folder: string, isNew: boolean, options: HomeOptions): HomeFile {
  const { account, sharedRoot = SHARED_ROOT } = options;
  if (!account || existsSync(clusterIn(folder))) return writeHomeFile(folder, { id: newId(), folder });
  const earlier = earlierVersionsHome(folder, sharedRoot);
  if (earlier && !isNew) return writeHomeFile(folder, earlier);
  if (!isNew) tellNameless(folder, options);
  if (canReach(account, folder)) return writeHomeFile(folder, { id: newId(), folder });
  const begun = homesIn(sharedRoot).find(({ home, file }) => file?.folder === folder && !existsSync(clusterIn(home)));
  const id = begun?.file?.id ?? newId();
  const home = sharedPath(id, sharedRoot);
  mkdirSync(home, { recursive: true });
  writeHomeFile(home, { id, home, folder });
  return writeHomeFile(folder, { id, home, folder });
}

function newId(): string {
  return randomBytes(8).toString("hex");
}

/** The first version named a home after its folder's path and kept nothing in either: the path is all there is to go by. */
function earlierVersionsHome(folder: string, sharedRoot: string): HomeFile | undefined {
  const id = hashOf(folder);
  const home = join(sharedRoot, id);
  if (!existsSync(clusterIn(home)) || readHomeFile(home)) return undefined;
  return writeHomeFile(home, { id, home, folder });
}

function requireInside(folder: string, named: HomeFile, account: Account | undefined): void {
  const closed = account ? closedTo(account, folder) : [];
  if (account && closed.length > 0) {
    throw new Error(
      `the database is in ${folder}, and PostgreSQL's account "${account.name}" cannot get there (it does not run as root): ` +
        `move the data folder elsewhere, or let it pass: ${command("chmod", "o+x", ...closed)}`,
    );
  }
  if (named.folder !== folder) writeHomeFile(folder, { ...named, folder });
}

function requireOutside(folder: string, named: HomeFile, home: string, { say, sharedRoot }: HomeOptions): void {
  const found = readHomeFile(home);
  if (found?.id !== named.id) throw new Error(notThere(folder, home, found));
  if (found.folder !== folder) {
    if (isFolderOf(named.id, found.folder)) throw new Error(isCopy(folder, found, home, sharedRoot));
    writeHomeFile(home, { ...named, folder });
    say?.(`the data folder was ${found.folder} and is ${folder} now; its database in ${home} goes with it`);
  }
  if (named.folder !== folder) writeHomeFile(folder, { ...named, folder });
}

function isFolderOf(id: string, path: string): boolean {
  return readHomeFile(path)?.id === id;
}

/** A cluster that was copied while its server wrote to it, is not one. The server's own file came with it and says where it ran. */
function requireWhole(home: string, { id, home: outside }: HomeFile): void {
  const ranIn = readPostmaster(clusterIn(home))?.folder;
  if (!ranIn || ranIn === clusterIn(home)) return;
  const original = readHomeFile(dirname(ranIn));
  // A folder that was moved may have a new one with another id in its old place; homes outside are not moved.
  if (!original || (outside === undefined && original.id !== id)) return;
  throw new Error(
    `${home} was copied from ${dirname(ranIn)} while its database ran, or after it was killed, and may be damaged: ` +
      "stop the stack there with Ctrl-C (start it first if need be), and copy again",
  );
}

function notThere(folder: string, home: string, found: HomeFile | undefined): string {
  const what = found ? `belongs to another one, ${found.folder}` : "is not there";
  const restart = command("rm", join(folder, HOME_FILE));
  return `the data folder ${folder} has its database in ${home}, which ${what}: put it back, or start with an empty one: ${restart}`;
}

function isCopy(folder: string, original: HomeFile, home: string, sharedRoot: string | undefined): string {
  const id = newId();
  const own = sharedPath(id, sharedRoot);
  const copy = command("cp", "-a", home, own);
  const files = [join(own, HOME_FILE), join(folder, HOME_FILE)];
  const rename = command("sed", "-i.old", `s/${original.id}/${id}/g`, ...files);
  return (
    `${folder} is a copy of ${original.folder}, and both name the database in ${home}: start that one, ` +
    `or stop it and give this one a copy of its own: ${copy} && ${rename}`
  );
}

/** Homes that name this path for another folder that was here before. */
function tellOthers(folder: string, id: string, { say, sharedRoot = SHARED_ROOT }: HomeOptions): void {
  for (const { home, file } of homesIn(sharedRoot)) {
    if (file?.folder !== folder || file.id === id || !existsSync(clusterIn(home))) continue;
    const back = command("cp", join(home, HOME_FILE), folder);
    say?.(
      `an earlier database of this data folder is in ${home} and is not used here. If that folder was moved, it finds it when ` +
        `started there; if it was deleted, "${back}" brings the database back, "${command("rm", "-r", home)}" removes it`,
    );
  }
}

/** What the first version left and a folder that was moved since can no longer be found for. */
function tellNameless(folder: string, { say, sharedRoot = SHARED_ROOT }: HomeOptions): void {
  for (const { home, file } of homesIn(sharedRoot)) {
    if (file || !existsSync(clusterIn(home))) continue;
    const text = homeFileText({ id: basename(home), home, folder });
    const take = `${command("echo", text)} | ${command("tee", join(home, HOME_FILE), join(folder, HOME_FILE))}`;
    say?.(
      `an earlier version's database is in ${home}; if it is that of this data folder, moved here since, take it: ${take}`,
    );
  }
}

function homesIn(sharedRoot: string): { home: string; file: HomeFile | undefined }[] {
  if (!existsSync(sharedRoot)) return [];
  const homes = readdirSync(sharedRoot).map((name) => join(sharedRoot, name));
  return homes.flatMap((home) => {
    try {
      return [{ home, file: readHomeFile(home) }];
    } catch {
      // Somebody else's, damaged or of a later version: no start here depends on it.
      return [];
    }
  });
}
