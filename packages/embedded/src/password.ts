import { randomBytes } from "node:crypto";
import { join } from "node:path";
import type { Account } from "./account.js";
import { readKept, writeAside } from "./write-aside.js";

/**
 * The server's password: made once, kept beside its data, readable by its owner only. Loopback is shared by all accounts
 * of a machine, and a superuser of either server can write files and run programs as the account it runs under, so
 * trusting every local connection would hand that account to everybody.
 *
 * @returns the password, its file, and whether there was none, or an empty one
 */
export function serverPassword(folder: string, account?: Account) {
  const file = join(folder, "password");
  const kept = readKept(file);
  if (kept !== undefined) return { password: kept, file, isNew: false };
  const password = randomBytes(18).toString("hex");
  writeAside(file, `${password}\n`, { owner: account });
  return { password, file, isNew: true };
}
