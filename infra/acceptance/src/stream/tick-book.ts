import { parseTime } from "@fx-ohlc/schemas";

/** A tick as it is stored and as it is told. */
export interface BookedTick {
  readonly symbol: string;
  readonly time: string;
  readonly seq: number;
  readonly price: number;
  /** Both sides of a quote. */
  readonly bid?: number | undefined;
  readonly ask?: number | undefined;
}

/** Numbers ticks: a hundred clients that are told the same hundred thousand keep no texts. Another price or side is another tick. */
export class TickBook {
  readonly #numbers = new Map<string, number>();
  readonly #ticks: BookedTick[] = [];
  readonly #timesUs: number[] = [];

  numberOf(tick: BookedTick): number {
    const name = `${tick.symbol} ${tick.time} ${tick.seq} ${tick.price} ${tick.bid} ${tick.ask}`;
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    const number = this.#ticks.length;
    this.#numbers.set(name, number);
    const { symbol, time, seq, price, bid, ask } = tick;
    this.#ticks.push({ symbol, time, seq, price, bid, ask });
    this.#timesUs.push(parseTime(time) ?? Number.NaN);
    return number;
  }

  tick(number: number): BookedTick {
    const tick = this.#ticks[number];
    if (tick === undefined) throw new RangeError(`no tick ${number}`);
    return tick;
  }

  timeUs(number: number): number {
    return this.#timesUs[number] ?? Number.NaN;
  }
}
