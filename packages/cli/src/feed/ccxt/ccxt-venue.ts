import { asError } from "../error-text.js";
import { type Listener, type Venue, VenueRefusal } from "../venue.js";
import type { CcxtExchange, CcxtLibrary, CcxtRow } from "./library.js";
import { Tickers, tradeOf } from "./rows.js";
import { type Taken, wayOf } from "./ways.js";

export interface CcxtOptions {
  readonly exchange: string;
  /** As ccxt writes them: EUR/USD, BTC/USDT:USDT. */
  readonly symbols: readonly string[];
  readonly taken: Taken | undefined;
  /** How often to ask a venue that streams nothing. */
  readonly everyMs: number;
  /** What ccxt's exchange is made with. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly say: (line: string) => void;
}

/**
 * ccxt does not say when it is connected, and a quiet venue says nothing: it is there once it has said something, or nothing has failed
 * for longer than ccxt tries to connect, which is 10 s.
 */
const CONNECTED_AFTER_MS = 15_000;
/** Symbols of a venue that a refusal names. */
const NAMED_MAX = 10;

/** One of the exchanges of ccxt. A connection is an exchange of its own, so that nothing of the one before it is left over. */
export class CcxtVenue implements Venue {
  readonly name: string;
  readonly #tickers = new Tickers();
  #isWaySaid = false;

  constructor(
    private readonly library: CcxtLibrary,
    private readonly options: CcxtOptions,
  ) {
    this.name = options.exchange;
  }

  async listen(listener: Listener, signal: AbortSignal): Promise<void> {
    const { exchange: id, settings } = this.options;
    const exchange = this.library.make(id, { enableRateLimit: true, ...settings });
    const ended = new AbortController();
    try {
      await Promise.race([aborted(signal, ended.signal), this.#read(exchange, listener, ended.signal)]);
    } catch (error) {
      throw this.library.isFinal(error)
        ? new VenueRefusal(`${id}: ${textOf(error)}`, { cause: error })
        : shortened(error);
    } finally {
      ended.abort(new Error("the connection is over"));
      await exchange.close().catch(() => undefined);
    }
  }

  async #read(exchange: CcxtExchange, listener: Listener, ended: AbortSignal): Promise<never> {
    const { exchange: id, symbols, taken } = this.options;
    this.#requireSymbols(await exchange.loadMarkets());
    const way = wayOf(exchange, this.options, ended);
    if (way === undefined) throw new VenueRefusal(`${id} gives no ${taken ?? "prices"} that ccxt can bring`);
    exchange.newUpdates = true;
    const connected = setTimeout(() => listener.alive(), CONNECTED_AFTER_MS);
    ended.addEventListener("abort", () => clearTimeout(connected), { once: true });
    if (!this.#isWaySaid) this.options.say(`${id} by ${way.call}`);
    this.#isWaySaid = true;
    const isWanted = new Set(symbols);
    const tickOf = way.taken === "trades" ? tradeOf : (row: CcxtRow) => this.#tickers.tickOf(row);
    await exchange.loadHttpProxyAgent?.();
    return way.read(exchange, [...symbols], (rows) => {
      if (ended.aborted) {
        // A call that was under way when the connection ended has opened another one, which nobody knows.
        exchange.close().catch(() => undefined);
        throw ended.reason;
      }
      listener.alive();
      for (const row of rows) {
        if (row?.symbol === undefined || !isWanted.has(row.symbol)) continue;
        const tick = tickOf(row);
        if (tick === undefined) listener.unusable();
        else listener.take(tick);
      }
    });
  }

  #requireSymbols(markets: Readonly<Record<string, unknown>>): void {
    const unknown = this.options.symbols.filter((symbol) => !(symbol in markets));
    if (unknown.length === 0) return;
    const [base = ""] = unknown[0]?.split(/[/_:-]/) ?? [];
    const near = Object.keys(markets).filter((symbol) => symbol.startsWith(`${base}/`));
    const hint = near.length === 0 ? "" : `; of ${base} it has ${near.slice(0, NAMED_MAX).join(", ")}`;
    throw new VenueRefusal(`${this.name} has no ${unknown.join(", ")}${hint}`);
  }
}

/** Rejects when the signal aborts; nothing listens to it any more once the connection has ended. */
function aborted(signal: AbortSignal, ended: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true, signal: ended });
  });
}

/** ccxt's messages may hold the whole page of a venue's proxy. */
const TEXT_LENGTH_MAX = 300;

function textOf(error: unknown): string {
  const text = asError(error).message.replace(/\s+/g, " ");
  return text.length > TEXT_LENGTH_MAX ? `${text.slice(0, TEXT_LENGTH_MAX)}…` : text;
}

function shortened(error: unknown): unknown {
  return error instanceof VenueRefusal ? error : new Error(textOf(error), { cause: error });
}
