import { readFile } from "node:fs/promises";
import type { TokenSource } from "@fx-ohlc/client";
import { FEED_NAME_RULE, isFeedName } from "@fx-ohlc/schemas";
import { InvalidArgumentError, Option } from "commander";
import { parseUrl } from "./arguments.js";
import type { Environment } from "./terminal.js";

/** Where the system is, and who asks. */
export interface Connection {
  readonly url: string;
  readonly token: TokenSource | undefined;
  /** What it calls itself; undefined: nothing. */
  readonly feed?: string | undefined;
}

/** `--url` of every command that talks to a system. */
export function urlOption(): Option {
  return new Option("--url <url>", "address of the system").argParser(parseUrl).default("http://localhost:8000");
}

/** `--feed` of every command that sends ticks as they happen. */
export function feedOption(): Option {
  const option = new Option("--feed <name>", "what to call itself, with a heartbeat every 10 s: see GET /feeds");
  return option.argParser((raw) => {
    if (isFeedName(raw)) return raw;
    throw new InvalidArgumentError(`It ${FEED_NAME_RULE}.`);
  });
}

/** `--token` of every command that talks to a system. */
export function tokenOption(environment: Environment): Option {
  const option = new Option(
    "--token <token>",
    "API key or JWT; rather in FX_TOKEN, or in a file that FX_TOKEN_FILE names",
  );
  // Help prints a default by its description: never the token.
  return option.default(tokenOf(environment), "from there");
}

/** The token of the environment. A file is read again when what it held is refused: it may have been replaced. */
export function tokenOf({ FX_TOKEN: token, FX_TOKEN_FILE: file }: Environment): TokenSource | undefined {
  if (token) return token.trim();
  return file ? async () => (await readFile(file, "utf8")).trim() : undefined;
}
