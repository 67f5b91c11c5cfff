import { createRequire } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";
import type { Environment } from "../../terminal.js";

/** A ticker or a trade of ccxt's unified shape; a venue leaves out what it does not know. */
export interface CcxtRow {
  readonly symbol?: string | undefined;
  /** Milliseconds since 1970. */
  readonly timestamp?: number | undefined;
  readonly bid?: number | undefined;
  readonly ask?: number | undefined;
  readonly last?: number | undefined;
  readonly price?: number | undefined;
  readonly id?: string | undefined;
  /** What the venue sent. */
  readonly info?: unknown;
}

export type CcxtTickers = Readonly<Record<string, CcxtRow>>;

/** The calls that bring prices. Each is there whatever the venue; `has` says which of them it knows. */
export interface CcxtCalls {
  watchBidsAsks(symbols: string[]): Promise<CcxtTickers>;
  watchTickers(symbols: string[]): Promise<CcxtTickers>;
  watchTicker(symbol: string): Promise<CcxtRow>;
  watchTradesForSymbols(symbols: string[]): Promise<readonly CcxtRow[]>;
  watchTrades(symbol: string): Promise<readonly CcxtRow[]>;
  fetchTickers(symbols: string[]): Promise<CcxtTickers>;
  fetchTicker(symbol: string): Promise<CcxtRow>;
}

/** What is used of an exchange of ccxt. */
export interface CcxtExchange extends CcxtCalls {
  readonly has: Readonly<Record<string, unknown>>;
  /** Whether a call brings what is new since the last, or all that is known. */
  newUpdates: boolean;
  loadMarkets(): Promise<Readonly<Record<string, unknown>>>;
  close(): Promise<void>;
}

type ExchangeClass = new (options: Readonly<Record<string, unknown>>) => CcxtExchange;
type ErrorClass = new (...args: never[]) => Error;

/** What is used of ccxt. */
export interface CcxtLibrary {
  readonly exchanges: readonly string[];
  /** @throws Error for an exchange that it does not know */
  make(exchange: string, options: Readonly<Record<string, unknown>>): CcxtExchange;
  /** Whether an error is one that another attempt would bring again. */
  isFinal(error: unknown): boolean;
}

/** Errors of ccxt that do not pass; all others may, for venues answer nonsense while they are down. */
const FINAL = [
  "AuthenticationError",
  "BadSymbol",
  "NotSupported",
  "ArgumentsRequired",
  "RestrictedLocation",
  "InvalidProxySettings",
];

/** Where ccxt is installed for this user, as the XDG base directory specification puts what programs need. */
export function ccxtFolder({ XDG_DATA_HOME: dataHome }: Environment): string {
  return join(dataHome || join(homedir(), ".local", "share"), "fx-ohlc");
}

/**
 * Loads ccxt from the first folder that has it.
 *
 * @throws Error with the command that installs it, where none has
 */
export function loadCcxt(folders: readonly string[], folder: string): CcxtLibrary {
  for (const place of folders) {
    const require = createRequire(join(place, "package.json"));
    const path = resolved(require);
    if (path === undefined) continue;
    // Nothing of it is known when this is compiled: what is used is looked at below.
    const module: Readonly<Record<string, unknown>> = require(path);
    return libraryOf(module, path);
  }
  throw new Error(
    `this needs the library ccxt, which is not installed: npm install --prefix ${shellWord(folder)} ccxt`,
  );
}

function resolved(require: NodeJS.Require): string | undefined {
  try {
    return require.resolve("ccxt");
  } catch {
    return undefined;
  }
}

function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

const isClass = (value: unknown): value is ExchangeClass & ErrorClass => typeof value === "function";

function libraryOf(module: Readonly<Record<string, unknown>>, path: string): CcxtLibrary {
  const { exchanges, pro } = module;
  if (!Array.isArray(exchanges) || typeof pro !== "object" || pro === null)
    throw new Error(`${path} is no ccxt that this can use: it has no exchanges, or none that stream (version 4 has)`);
  const streaming = new Map<string, unknown>(Object.entries(pro));
  const finals = FINAL.map((name) => module[name]).filter(isClass);
  return {
    exchanges,
    make: (exchange, options) => {
      const Exchange = exchanges.includes(exchange) ? (streaming.get(exchange) ?? module[exchange]) : undefined;
      if (isClass(Exchange)) return new Exchange(options);
      throw new Error(`ccxt knows no exchange ${exchange}; it knows ${exchanges.join(", ")}`);
    },
    isFinal: (error) => finals.some((kind) => error instanceof kind),
  };
}
