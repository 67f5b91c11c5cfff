import type { NewKey } from "@fx-ohlc/client";
import { formatTime, type LimitName, nowUs, SCOPES, type Scope } from "@fx-ohlc/schemas";
import { type Command, InvalidArgumentError } from "commander";
import { parseInstant, parseShift } from "../arguments.js";
import { type Connection, tokenOption, urlOption } from "../connection.js";
import type { Context, Finish } from "../terminal.js";
import { createKey, type ListOptions, listKeys, revokeKeys } from "./keys.js";

/** The limits of a key, by the name of their option. */
const LIMITS = {
  requestsPerSecond: ["requests_per_second", "requests a second"],
  ticksPerSecond: ["ticks_per_second", "ticks sent a second"],
  rowsPerSecond: ["rows_per_second", "rows read a second"],
  connections: ["connections", "WebSockets at a time"],
  channels: ["channels", "channels followed at a time"],
  deliveredPerSecond: ["delivered_per_second", "messages of streams a second"],
} as const satisfies Record<string, readonly [LimitName, string]>;

type LimitFlag = keyof typeof LIMITS;
const LIMIT_FLAGS = Object.keys(LIMITS) as readonly LimitFlag[]; // The keys of a constant, as it is written.

function isScope(word: string): word is Scope {
  return SCOPES.some((scope) => scope === word);
}

function parseScopes(raw: string): Scope[] {
  const words = raw.split(",").map((word) => word.trim());
  if (!words.every(isScope)) throw new InvalidArgumentError(`It must be some of ${SCOPES.join(",")}.`);
  return words;
}

function parsePatterns(raw: string): string[] {
  return raw.split(",").map((pattern) => pattern.trim());
}

/** Reads a date, a time, or a duration from now on such as `P90D`. */
function parseExpiry(raw: string): string {
  return formatTime(raw.startsWith("P") ? nowUs() + parseShift(raw) : parseInstant(raw));
}

function parseLimit(raw: string): number {
  const limit = Number(raw);
  if (!(Number.isInteger(limit) && limit > 0)) throw new InvalidArgumentError("It must be a whole number above 0.");
  return limit;
}

type CreateFlags = Connection &
  Partial<Record<LimitFlag, number>> & {
    readonly name: string;
    readonly scopes: readonly Scope[];
    readonly symbols?: readonly string[];
    readonly feeds?: readonly string[];
    readonly expires?: string;
    readonly inUrl?: boolean;
  };

/** The key that the flags ask for. */
function keyOf(flags: CreateFlags): NewKey {
  const { name, scopes, symbols, feeds, expires: expires_at, inUrl: in_url } = flags;
  const limits = LIMIT_FLAGS.flatMap((flag) => (flags[flag] === undefined ? [] : [[LIMITS[flag][0], flags[flag]]]));
  return {
    name,
    scopes,
    symbols,
    feeds,
    expires_at,
    in_url,
    ...(limits.length > 0 && { limits: Object.fromEntries(limits) }),
  };
}

const DETAILS = `
The token of the new key is printed once, alone on standard output; nothing can show it again. All of this needs a token of
the scope admin.

Exit codes: 0 done, 1 stopped by an error, 130 interrupted.

Examples:
  $ fx-ticks keys create --name lp1 --scopes write --symbols 'EUR*,XAUUSD'
  $ fx-ticks keys create --name desk --scopes read,stream --expires P90D > desk.key
  $ fx-ticks keys list
  $ fx-ticks keys revoke 3f9a
`;

function addCreateCommand(keys: Command, context: Context, finish: Finish): void {
  const create = keys
    .command("create")
    .summary("make a key and print its token, this once")
    .description("Makes a key and prints its token, this once.")
    .requiredOption("--name <name>", "what it is for, as logs and the audit say it")
    .requiredOption("--scopes <list>", `what it may do: some of ${SCOPES.join(",")}`, parseScopes)
    .option("--symbols <list>", "patterns such as EUR*,XAUUSD; every symbol when absent", parsePatterns)
    .option("--feeds <list>", "feeds that it may name itself; its own name alone when absent", parsePatterns)
    .option("--expires <when>", "a date, a time, or a duration from now such as P90D; never when absent", parseExpiry)
    .option("--in-url", "for callers that cannot set headers: ?token= in the address, for read or write only");
  for (const flag of LIMIT_FLAGS) {
    const name = LIMITS[flag][0].replaceAll("_", "-");
    create.option(`--${name} <n>`, `at most so many ${LIMITS[flag][1]}`, parseLimit);
  }
  create
    .addOption(urlOption())
    .addOption(tokenOption(context.environment))
    .action(async (flags: CreateFlags) => finish(await createKey(keyOf(flags), flags, context)));
}

export function addKeysCommand(program: Command, context: Context, finish: Finish): void {
  const keys = program
    .command("keys")
    .summary("make, list and revoke API keys")
    .description("Makes, lists and revokes the API keys of a system.")
    .addHelpText("after", DETAILS);
  addCreateCommand(keys, context, finish);
  keys
    .command("list")
    .summary("print the keys there are, without their tokens")
    .description("Prints the keys there are, without their tokens.")
    .option("--json", "a line of JSON a key")
    .addOption(urlOption())
    .addOption(tokenOption(context.environment))
    .action(async (flags: ListOptions) => finish(await listKeys(flags, context)));
  keys
    .command("revoke")
    .summary("end keys: they are refused everywhere within 5 s")
    .description("Ends keys: they are refused everywhere within 5 s, and their sockets closed.")
    .argument("<ids...>", "as list shows them")
    .addOption(urlOption())
    .addOption(tokenOption(context.environment))
    .action(async (ids: string[], flags: Connection) => finish(await revokeKeys(ids, flags, context)));
}
