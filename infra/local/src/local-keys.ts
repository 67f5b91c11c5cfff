import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Environment } from "@fx-ohlc/service-kit";

/** What a stack with `AUTH=on` needs that nobody has said: made once, and kept beside the data for its owner alone. */
export interface LocalKeys {
  /** Variables that name the files, for services and the command line tool. */
  readonly env: Environment;
  /** The file of the first key; undefined when somebody has given one. */
  readonly adminKeyFile: string | undefined;
}

/**
 * Makes what is missing.
 *
 * @param folder of the stack's data
 */
export function localKeys(env: Environment, folder: string): LocalKeys {
  if (env.AUTH !== "on") return { env: {}, adminKeyFile: undefined };
  const isGiven = (name: string) => Boolean(env[name] || env[`${name}_FILE`]);
  const random = () => randomBytes(32).toString("base64url");
  const made: Record<string, string> = {};
  if (!isGiven("INTERNAL_SECRET")) made.INTERNAL_SECRET_FILE = keptIn(folder, "internal_secret", random);
  if (isGiven("ADMIN_KEY")) return { env: made, adminKeyFile: undefined };
  const adminKeyFile = keptIn(folder, "admin_key", () => `fxk_${randomBytes(8).toString("hex")}_${random()}`);
  made.ADMIN_KEY_FILE = adminKeyFile;
  // The sample and the simulator are clients like others.
  if (!isGiven("FX_TOKEN")) made.FX_TOKEN_FILE = adminKeyFile;
  return { env: made, adminKeyFile };
}

/** The header of a request of the stack's own. */
export function authorization({ FX_TOKEN: token, FX_TOKEN_FILE: file }: Environment): Record<string, string> {
  const shown = token || (file ? readFileSync(file, "utf8").trim() : "");
  return shown === "" ? {} : { authorization: `Bearer ${shown}` };
}

function keptIn(folder: string, name: string, make: () => string): string {
  const keys = join(folder, "keys");
  const file = join(keys, name);
  mkdirSync(keys, { recursive: true, mode: 0o700 });
  if (!existsSync(file)) writeFileSync(file, `${make()}\n`, { mode: 0o600, flag: "wx" });
  return file;
}
