import { execFileSync } from "node:child_process";
import { type Stats, statSync } from "node:fs";
import { userInfo } from "node:os";
import { dirname } from "node:path";
import { isNativeError } from "node:util/types";
import { command } from "./shell.js";

/** A system account that a server runs under. */
export interface Account {
  name: string;
  uid: number;
  gid: number;
}

const ACCOUNT_NAME = "fx-ohlc";

export function isRoot(): boolean {
  return userInfo().uid === 0;
}

/**
 * The account PostgreSQL runs under: it refuses to run as root, so there it gets a system account of its own, made at the
 * first start. Anybody else runs it as himself: `undefined`.
 *
 * @throws Error when the account can be neither found nor made.
 */
export function postgresAccount(): Account | undefined {
  if (!isRoot()) return undefined;
  return findAccount(ACCOUNT_NAME) ?? makeAccount(ACCOUNT_NAME);
}

function findAccount(name: string): Account | undefined {
  try {
    return { name, uid: id("-u", name), gid: id("-g", name) };
  } catch {
    return undefined;
  }
}

function id(flag: "-u" | "-g", name: string): number {
  return Number(execFileSync("id", [flag, name], { encoding: "utf8", stdio: "pipe" }));
}

function makeAccount(name: string): Account {
  let refusal = "";
  try {
    const options = "--system --user-group --no-create-home --home-dir /nonexistent --shell /bin/false";
    execFileSync("useradd", [...options.split(" "), name], { stdio: "pipe", encoding: "utf8" });
  } catch (error) {
    refusal = isNativeError(error) ? error.message.trim() : String(error);
  }
  // Looked up whatever useradd said: another start may have made the account at the same moment.
  const account = findAccount(name);
  if (account) return account;
  throw new Error(`PostgreSQL cannot run as root, and its system account "${name}" could not be made: ${refusal}`);
}

/** Whether `account` may enter every folder above `path`, by their mode bits; access lists are not asked. */
export function canReach(account: Account, path: string): boolean {
  return closedTo(account, path).length === 0;
}

/** The folders above `path` that `account` may not enter. */
export function closedTo(account: Account, path: string): string[] {
  const folder = dirname(path);
  const above = folder === dirname(folder) ? [] : closedTo(account, folder);
  return mayEnter(account, statSync(folder)) ? above : [...above, folder];
}

function mayEnter(account: Account, folder: Stats): boolean {
  if (folder.uid === account.uid) return (folder.mode & 0o100) !== 0;
  if (folder.gid === account.gid) return (folder.mode & 0o010) !== 0;
  return (folder.mode & 0o001) !== 0;
}

/** @throws Error in one line, when what a server is to work with belongs to somebody else */
export function requireOwner(path: string, account: Account | undefined): void {
  const owner = statSync(path).uid;
  if (owner === (account?.uid ?? userInfo().uid)) return;
  const giveOver = isRoot() ? `, or give it over: ${command("chown", "-R", `${account?.name ?? "root"}:`, path)}` : "";
  throw new Error(`${path} belongs to another user (${owner}): start as that user${giveOver}`);
}
