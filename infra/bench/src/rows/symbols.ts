/** Live ticks are of several symbols, as in a real feed: each has its own lock, messages and bars. */
export const SYMBOLS = ["EURUSD", "GBPUSD", "USDJPY", "AUDUSD", "USDCHF"];
