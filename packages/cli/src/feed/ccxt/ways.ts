import { sleep } from "@fx-ohlc/client";
import type { CcxtCalls, CcxtExchange, CcxtRow } from "./library.js";

/** What to take of a venue: its quotes, or its trades. */
export const TAKEN_CHOICES = ["quotes", "trades"] as const;
export type Taken = (typeof TAKEN_CHOICES)[number];

/** A way to be told prices. */
export interface Way {
  readonly call: keyof CcxtCalls;
  readonly taken: Taken;
  /** Reads for ever. @throws Error what ccxt throws */
  read(exchange: CcxtExchange, symbols: string[], take: (rows: readonly CcxtRow[]) => void): Promise<never>;
}

/** Repeats a call whose answer comes when something is new. */
async function repeat<T>(call: () => Promise<T>, take: (answer: T) => void): Promise<never> {
  for (;;) take(await call());
}

/** One of them for each symbol; the first that fails ends all. */
async function forEach(symbols: readonly string[], read: (symbol: string) => Promise<never>): Promise<never> {
  return Promise.race(symbols.map(read));
}

/** Each symbol is followed by a call of its own: of several that change at once a call for all of them would tell one. */
const streams: readonly Way[] = [
  {
    call: "watchBidsAsks",
    taken: "quotes",
    read: (exchange, symbols, take) =>
      forEach(symbols, (symbol) =>
        repeat(
          () => exchange.watchBidsAsks([symbol]),
          (tickers) => take(Object.values(tickers)),
        ),
      ),
  },
  {
    call: "watchTickers",
    taken: "quotes",
    read: (exchange, symbols, take) =>
      forEach(symbols, (symbol) =>
        repeat(
          () => exchange.watchTickers([symbol]),
          (tickers) => take(Object.values(tickers)),
        ),
      ),
  },
  {
    call: "watchTicker",
    taken: "quotes",
    read: (exchange, symbols, take) =>
      forEach(symbols, (symbol) =>
        repeat(
          () => exchange.watchTicker(symbol),
          (ticker) => take([ticker]),
        ),
      ),
  },
  {
    call: "watchTradesForSymbols",
    taken: "trades",
    read: (exchange, symbols, take) => repeat(() => exchange.watchTradesForSymbols(symbols), take),
  },
  {
    call: "watchTrades",
    taken: "trades",
    read: (exchange, symbols, take) => forEach(symbols, (symbol) => repeat(() => exchange.watchTrades(symbol), take)),
  },
];

/** Asking again and again, where nothing streams. */
function polls(everyMs: number, signal: AbortSignal): readonly Way[] {
  const pause = () => sleep(everyMs, signal);
  return [
    {
      call: "fetchTickers",
      taken: "quotes",
      read: async (exchange, symbols, take) => {
        for (;;) {
          take(Object.values(await exchange.fetchTickers(symbols)));
          await pause();
        }
      },
    },
    {
      call: "fetchTicker",
      taken: "quotes",
      read: async (exchange, symbols, take) => {
        for (;;) {
          for (const symbol of symbols) take([await exchange.fetchTicker(symbol)]);
          await pause();
        }
      },
    },
  ];
}

/**
 * The first way that a venue knows: best bid and ask as they change, its ticker, its trades, else polling.
 *
 * @param taken what is wanted; undefined for either
 */
export function wayOf(
  { has }: Pick<CcxtExchange, "has">,
  { taken, everyMs }: { readonly taken: Taken | undefined; readonly everyMs: number },
  signal: AbortSignal,
): Way | undefined {
  const ways = [...streams, ...polls(everyMs, signal)];
  return ways.find((way) => (taken === undefined || way.taken === taken) && has[way.call] === true);
}
