import type { FxClient, SymbolJson, TickJson } from "@fx-ohlc/client";
import { formatTime, type Micros, parseTime, US_PER_DAY, US_PER_HOUR, US_PER_MINUTE } from "@fx-ohlc/schemas";
import type { TickKind } from "./chunk-rows.js";

/** How many ticks of each kind there are. */
export type KindCounts = Readonly<Record<TickKind, number>>;

type TickCost = Pick<TickJson, "price" | "bid" | "ask">;

/** A half-open range of a symbol. */
export interface StoredRange {
  readonly symbol: string;
  readonly fromUs: Micros;
  readonly toUs: Micros;
}

/** Bars that count many ticks in a row, the longest first; what they leave at both ends is counted tick by tick. */
const LEVELS = [
  { interval: "1d", lengthUs: US_PER_DAY, dayStartHour: 0 },
  { interval: "1h", lengthUs: US_PER_HOUR },
  { interval: "1m", lengthUs: US_PER_MINUTE },
] as const;

export function otherKind(kind: TickKind): TickKind {
  return kind === "quote" ? "price" : "quote";
}

/** What a stored tick is. */
export function kindOf({ bid }: { readonly bid?: number | undefined }): TickKind {
  return bid === undefined ? "price" : "quote";
}

/** Whether a stored tick is what some prices say: one of a price, bid and ask of a quote. */
export function isStoredAs(prices: readonly (string | number)[], { price, bid, ask }: TickCost): boolean {
  const [first, second] = prices.map(Number);
  return second === undefined ? bid === undefined && price === first : bid === first && ask === second;
}

function sum(counts: readonly KindCounts[]): KindCounts {
  return counts.reduce((a, b) => ({ price: a.price + b.price, quote: a.quote + b.quote }), { price: 0, quote: 0 });
}

/** Asks what is stored. */
export class StoredKinds {
  constructor(
    private readonly client: FxClient,
    private readonly signal: AbortSignal,
  ) {}

  /** Every symbol there is, or the one of that name. */
  async symbols(name?: string): Promise<SymbolJson[]> {
    const symbols = await this.client.symbols({ prefix: name, signal: this.signal });
    return symbols.filter(({ symbol }) => name === undefined || symbol === name);
  }

  /** Whether a symbol has ticks of that kind, whenever. */
  async holds({ symbol, first_tick, last_tick, quotes }: SymbolJson, kind: TickKind): Promise<boolean> {
    const [fromUs, lastUs] = [parseTime(first_tick), parseTime(last_tick)];
    if (fromUs === undefined || lastUs === undefined) return false;
    if (!quotes) return kind === "price";
    return (await this.count({ symbol, fromUs, toUs: lastUs + 1 }))[kind] > 0;
  }

  /** How many ticks of which kind are in a range. */
  count(range: StoredRange): Promise<KindCounts> {
    return this.#countFrom(0, range);
  }

  async #countFrom(level: number, range: StoredRange): Promise<KindCounts> {
    const { fromUs, toUs } = range;
    if (fromUs >= toUs) return sum([]);
    const bars = LEVELS[level];
    if (bars === undefined) return this.#countTicks(range);
    const firstUs = Math.ceil(fromUs / bars.lengthUs) * bars.lengthUs;
    const lastUs = Math.floor(toUs / bars.lengthUs) * bars.lengthUs;
    if (firstUs >= lastUs) return this.#countFrom(level + 1, range);
    return sum([
      await this.#countFrom(level + 1, { ...range, toUs: firstUs }),
      await this.#countBars(bars, { ...range, fromUs: firstUs, toUs: lastUs }),
      await this.#countFrom(level + 1, { ...range, fromUs: lastUs }),
    ]);
  }

  async #countBars({ lengthUs: _, ...kind }: (typeof LEVELS)[number], range: StoredRange): Promise<KindCounts> {
    let [ticks, quotes] = [0, 0];
    for await (const bar of this.client.bars({ ...kind, ...this.#query(range), include: ["spread"] })) {
      ticks += bar.tick_count;
      quotes += bar.quote_count ?? 0;
    }
    return { price: ticks - quotes, quote: quotes };
  }

  async #countTicks(range: StoredRange): Promise<KindCounts> {
    const counts = { price: 0, quote: 0 };
    for await (const tick of this.client.ticks(this.#query(range))) counts[kindOf(tick)] += 1;
    return counts;
  }

  #query({ symbol, fromUs, toUs }: StoredRange) {
    return { symbol, start: formatTime(fromUs), end: formatTime(toUs), signal: this.signal };
  }
}
