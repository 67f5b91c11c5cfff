/** Prices of 2025 in round numbers, for a system that has no ticks of the symbol yet. */
const START_PRICES: Readonly<Record<string, number>> = {
  EURUSD: 1.1,
  GBPUSD: 1.3,
  AUDUSD: 0.65,
  NZDUSD: 0.6,
  USDCAD: 1.4,
  USDCHF: 0.85,
  USDJPY: 150,
  EURGBP: 0.85,
  EURJPY: 165,
  GBPJPY: 195,
  EURCHF: 0.94,
  AUDJPY: 98,
};

/** Where a symbol starts that is in no table. */
const START_PRICE_ELSE = 1;

/** 8 % a year, as the major pairs have it, over 252 trading days: what the logarithm of a price moves in one second. */
const VOLATILITY_PER_ROOT_SECOND = 0.08 / Math.sqrt(252 * 86_400);

/** A tenth of a pip: five decimals, three for what is quoted in yen. */
export function priceDecimals(symbol: string): number {
  return /JPY\b/.test(symbol) ? 3 : 5;
}

export function startPrice(symbol: string): number {
  return START_PRICES[symbol.slice(0, 6)] ?? START_PRICE_ELSE;
}

/** A standard normal number out of two uniform ones (Box and Muller). */
function normal(random: () => number): number {
  // 1 - random() is never 0, whose logarithm would be infinite.
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** A price that moves as prices do: its logarithm takes independent normal steps, so that it stays above 0. */
export class RandomWalk {
  readonly #decimals: number;
  readonly #step: number;
  #price: number;

  /**
   * @param ratePerSecond steps per second: the more of them, the smaller
   * @param random uniform in [0, 1)
   */
  constructor(
    symbol: string,
    price: number,
    ratePerSecond: number,
    private readonly random: () => number,
  ) {
    this.#decimals = priceDecimals(symbol);
    this.#step = VOLATILITY_PER_ROOT_SECOND / Math.sqrt(ratePerSecond);
    this.#price = price;
  }

  /** The next price, rounded to a tenth of a pip. */
  next(): number {
    this.#price *= Math.exp(this.#step * normal(this.random));
    return Math.max(Number(this.#price.toFixed(this.#decimals)), 10 ** -this.#decimals);
  }
}
