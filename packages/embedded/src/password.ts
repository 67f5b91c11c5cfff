import { randomBytes } from "node:crypto";
import { chownSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Account } from "./account.js";

/**
 * The server's password: made once, kept beside its data, readable by its owner only. Loopback is shared by all accounts
 * of a machine, and a superuser of either server can write files and run programs as the account it runs under, so
 * trusting every local connection would hand that account to everybody.
 */
export function serverPassword(folder: string, account?: Account): { password: string; file: string } {
  const file = join(folder, "password");
  if (!existsSync(file)) {
    writeFileSync(file, `${randomBytes(18).toString("hex")}\n`, { mode: 0o600 });
    if (account) chownSync(file, account.uid, account.gid);
  }
  return { password: readFileSync(file, "utf8").trim(), file };
}
