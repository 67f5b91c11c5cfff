import { readFile } from "node:fs/promises";
import { type Command, InvalidArgumentError, Option } from "commander";
import { parseUrl } from "../arguments.js";
import { feedOption, tokenOption, urlOption } from "../connection.js";
import type { Context, Finish } from "../terminal.js";
import { CcxtVenue } from "./ccxt/ccxt-venue.js";
import { ccxtFolder, loadCcxt } from "./ccxt/library.js";
import { TAKEN_CHOICES, type Taken } from "./ccxt/ways.js";
import { type FeedOptions, feed } from "./feed.js";
import { type MetricsPlace, parseMetricsPlace } from "./metrics.js";
import { OANDA_URLS, Oanda } from "./oanda/oanda.js";
import { instrumentOf, oandaToken } from "./oanda/settings.js";
import { parseNames, parseVenueSymbols, type SymbolNames, storedNames } from "./symbol-names.js";
import type { Venue } from "./venue.js";

interface Flags extends Pick<FeedOptions, "url" | "token"> {
  readonly symbols: readonly string[];
  readonly map?: SymbolNames;
  readonly feed?: string;
  readonly metrics?: MetricsPlace;
  readonly buffer: number;
  readonly take?: Taken;
  readonly every: number;
  readonly ccxtOptions?: string;
  readonly account?: string;
  readonly live?: true;
  readonly venueUrl?: string;
}

/** Some 200 MB, and most of an hour of a busy venue. */
const BUFFER_MAX = 1_000_000;
const BUFFER_DEFAULT = 100_000;
/** An hour. */
const EVERY_MAX_S = 3_600;

function parseBuffer(raw: string): number {
  if (/^\d{1,7}$/.test(raw) && Number(raw) > 0 && Number(raw) <= BUFFER_MAX) return Number(raw);
  throw new InvalidArgumentError(`It must be 1 to ${BUFFER_MAX}.`);
}

function parseEvery(raw: string): number {
  const seconds = Number(raw);
  if (seconds > 0 && seconds <= EVERY_MAX_S) return seconds;
  throw new InvalidArgumentError(`It must be above 0 and at most ${EVERY_MAX_S} seconds.`);
}

const DETAILS = `
Sources:
  ccxt:EXCHANGE  one of over 100 venues, by the library ccxt: npm install --prefix ~/.local/share/fx-ohlc ccxt
                 Best bid and ask as they change where the venue streams them, else its ticker, else its trades, else its
                 ticker asked for every second; --take trades takes trades. Symbols as ccxt writes them: EUR/USD, BTC/USDT.
  oanda          the v20 pricing stream of an account of fxTrade Practice, or with --live of fxTrade. The token comes from
                 OANDA_TOKEN, or from the file that OANDA_TOKEN_FILE names, never from the command line.

Ticks carry the venue's times. EUR/USD and EUR_USD are stored as EURUSD, BTC/USDT as BTCUSDT; --map says otherwise. With --feed
it names itself, and says by heartbeats that it is alive while the venue is. When the venue is away it connects again; when the
service is, ticks wait, and past --buffer the oldest are dropped and counted. Ctrl-C sends the last ticks and stops.

Exit codes: 0 stopped with everything sent, 1 stopped by an error, or with ticks that could not be sent.

Examples:
  $ fx-ticks feed ccxt:kraken --symbols EUR/USD,BTC/USD --feed kraken
  $ OANDA_TOKEN_FILE=token fx-ticks feed oanda --account 101-004-1234567-001 --symbols EUR_USD,XAU_USD --metrics 9464
`;

/** Undefined for what is no JSON: of what is wrong with it nothing is repeated, for it may hold keys. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What ccxt's exchange is made with, of a file: keys stay out of the list of processes. */
async function settingsOf(path: string | undefined): Promise<Readonly<Record<string, unknown>>> {
  if (path === undefined) return {};
  const settings = jsonOf(await readFile(path, "utf8"));
  if (typeof settings === "object" && settings !== null && !Array.isArray(settings)) return { ...settings };
  throw new Error(`${path} must hold a JSON object`);
}

async function ccxtVenue(exchange: string, flags: Flags, { environment, terminal }: Context): Promise<Venue> {
  const folder = ccxtFolder(environment);
  const library = loadCcxt([folder, process.cwd()], folder);
  const settings = await settingsOf(flags.ccxtOptions);
  const { symbols, take: taken, every } = flags;
  const venue = new CcxtVenue(library, {
    exchange,
    symbols,
    taken,
    everyMs: every * 1000,
    settings,
    say: terminal.say,
  });
  // Whether there is such an exchange is found out now, not with the first connection.
  library.make(exchange, settings);
  return venue;
}

async function oandaVenue(flags: Flags, { environment }: Context): Promise<Venue> {
  const account = flags.account ?? environment.OANDA_ACCOUNT;
  if (!account) throw new Error("OANDA asks for an account: --account 101-004-1234567-001, or OANDA_ACCOUNT");
  const token = oandaToken(environment);
  await token();
  const url = flags.venueUrl ?? OANDA_URLS[flags.live ? "live" : "practice"];
  return new Oanda({ url, account, token, instruments: flags.symbols });
}

async function run(source: string, given: Flags, context: Context): Promise<number> {
  const exchange = /^ccxt:([a-z0-9]+)$/.exec(source)?.[1];
  if (exchange === undefined && source !== "oanda")
    throw new Error(`there is no source ${source}: it is ccxt:EXCHANGE or oanda`);
  const spelled = exchange === undefined ? instrumentOf : (symbol: string) => symbol;
  const symbols = given.symbols.map(spelled);
  const map = new Map([...(given.map ?? [])].map(([from, to]) => [spelled(from), to]));
  const names = storedNames(symbols, map);
  const flags = { ...given, symbols };
  const venue = await (exchange === undefined ? oandaVenue(flags, context) : ccxtVenue(exchange, flags, context));
  const { url, token, feed: name, metrics, buffer: bufferTicksMax } = flags;
  const stored = [...names].map(([from, to]) => (from === to ? to : `${from} as ${to}`));
  context.terminal.say(`feeding ${stored.join(", ")} from ${venue.name} to ${url}; Ctrl-C stops`);
  return feed(venue, { url, token, feed: name, names, bufferTicksMax, metrics }, context);
}

export function addFeedCommand(program: Command, context: Context, finish: Finish): void {
  program
    .command("feed")
    .summary("send the live ticks of a venue: over 100 by ccxt, and OANDA")
    .description("Sends the live ticks of a venue, until it is interrupted.")
    .argument("<source>", "ccxt:EXCHANGE, such as ccxt:kraken, or oanda")
    .requiredOption("--symbols <list>", "as the venue calls them, such as EUR/USD,BTC/USDT", parseVenueSymbols)
    .option("--map <list>", "what to store symbols as, such as EUR/USD=EURUSD,XBT/USD=BTCUSD", parseNames)
    .addOption(feedOption())
    .option(
      "--metrics <port>",
      "serve Prometheus metrics at 127.0.0.1:PORT/metrics, or at HOST:PORT",
      parseMetricsPlace,
    )
    .option("--buffer <ticks>", "how many ticks may wait while the service is away", parseBuffer, BUFFER_DEFAULT)
    .addOption(
      new Option("--take <what>", "ccxt: what to take; what the venue streams where absent").choices(TAKEN_CHOICES),
    )
    .option("--every <seconds>", "ccxt: how often to ask a venue that streams nothing", parseEvery, 1)
    .option("--ccxt-options <file>", "ccxt: JSON that its exchange is made with: keys, proxies, options")
    .option("--account <id>", "oanda: the account; OANDA_ACCOUNT where absent")
    .option("--live", "oanda: an account of fxTrade, not of fxTrade Practice")
    .option("--venue-url <url>", "oanda: address of a proxy in its place", parseUrl)
    .addOption(urlOption())
    .addOption(tokenOption(context.environment))
    .addHelpText("after", DETAILS)
    .action(async (source: string, flags: Flags) => finish(await run(source, flags, context)));
}
