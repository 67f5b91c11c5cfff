import { CcxtVenue } from "./ccxt-venue.js";
import type { CcxtExchange, CcxtTickers } from "./library.js";

/** An exchange of two symbols whose calls end as a test says. */
function venueOf(watch: (symbol: string) => Promise<CcxtTickers>) {
  const calls = { watched: [] as string[], closed: 0, alive: 0, taken: 0 };
  const exchange = {
    has: { watchBidsAsks: true },
    newUpdates: true,
    loadMarkets: async () => ({ "EUR/USD": {}, "GBP/USD": {} }),
    watchBidsAsks: ([symbol = ""]: string[]) => {
      calls.watched.push(symbol);
      return watch(symbol);
    },
    close: async () => {
      calls.closed += 1;
    },
  } as unknown as CcxtExchange; // No more of it is called.
  const venue = new CcxtVenue(
    { exchanges: ["fake"], make: () => exchange, isFinal: () => false },
    {
      ...{ exchange: "fake", symbols: ["EUR/USD", "GBP/USD"], taken: undefined, everyMs: 1, settings: {} },
      say: () => undefined,
    },
  );
  const listener = {
    alive: () => {
      calls.alive += 1;
    },
    take: () => {
      calls.taken += 1;
    },
    unusable: () => undefined,
  };
  return { calls, listen: () => venue.listen(listener, new AbortController().signal) };
}

test("a venue that knows its markets and streams nothing is not alive", async () => {
  const { calls, listen } = venueOf(() => Promise.reject(new Error("blocked")));
  await expect(listen()).rejects.toThrow("blocked");
  expect(calls).toMatchObject({ alive: 0, closed: 1 });
});

test("what a call brings after the connection has ended is left, and nothing is asked any more", async () => {
  let answer: (tickers: CcxtTickers) => void = () => undefined;
  const late = new Promise<CcxtTickers>((resolve) => {
    answer = resolve;
  });
  const { calls, listen } = venueOf((symbol) => (symbol === "EUR/USD" ? late : Promise.reject(new Error("cut off"))));
  await expect(listen()).rejects.toThrow("cut off");
  answer({ "EUR/USD": { symbol: "EUR/USD", timestamp: 1_764_928_800_123, bid: 1, ask: 2 } });
  await new Promise(setImmediate);
  expect(calls).toEqual({ watched: ["EUR/USD", "GBP/USD"], closed: 2, alive: 0, taken: 0 });
});
