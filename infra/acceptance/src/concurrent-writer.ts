import { type FxClient, ProblemError } from "@fx-ohlc/client";
import { formatTime, type Micros } from "@fx-ohlc/schemas";

/** Where writers meet: few enough stamps that they do. */
export interface Arena {
  readonly symbols: readonly string[];
  /** Where each period of five minutes begins. */
  readonly periods: readonly Micros[];
}

const PERIOD_MS = 5 * 60_000;
const BULK_TICKS = 200;
const RANGE_MS = 2_000;
/** Nobody has such a tick, several have this stamp, or another tick is in this place. */
const EXPECTED_REFUSALS: ReadonlySet<number> = new Set([404, 409]);

/** Writes what and where the dice say: single ticks, bulks of all symbols, PUT and both kinds of DELETE. */
export class ConcurrentWriter {
  readonly #client: FxClient;
  readonly #arena: Arena;
  readonly #random: () => number;

  constructor(client: FxClient, arena: Arena, random: () => number) {
    this.#client = client;
    this.#arena = arena;
    this.#random = random;
  }

  /** @throws for every answer but success and the refusals that the dice may lead to */
  async write(requests: number): Promise<void> {
    for (let left = requests; left > 0; left -= 1) {
      await this.#writeOne().catch((error: unknown) => {
        if (!(error instanceof ProblemError) || !EXPECTED_REFUSALS.has(error.status)) throw error;
      });
    }
  }

  #writeOne(): Promise<unknown> {
    const dice = this.#random();
    if (dice < 0.4) return this.#client.postTick({ ...this.#tick(), seq: this.#seq() });
    if (dice < 0.7) return this.#client.postTicks(Array.from({ length: BULK_TICKS }, () => this.#tick()));
    if (dice < 0.85) return this.#client.putTick(this.#key(), this.#price());
    if (dice < 0.95) return this.#client.deleteTick(this.#key());
    const symbol = this.#pick(this.#arena.symbols);
    const startUs = this.#instant();
    const endUs = startUs + RANGE_MS * 1000;
    return this.#client.deleteTicks({ symbol, start: formatTime(startUs), end: formatTime(endUs) });
  }

  #tick() {
    return { ...this.#key(), price: this.#price() };
  }

  /** Only single ticks name theirs: one conflict would refuse a whole bulk. */
  #seq(): number | undefined {
    return this.#random() < 0.5 ? Math.floor(this.#random() * 3) : undefined;
  }

  #key() {
    return { symbol: this.#pick(this.#arena.symbols), time: formatTime(this.#instant()) };
  }

  /** On a grid of 100 ms, so that stamps are met again. */
  #instant(): Micros {
    return this.#pick(this.#arena.periods) + Math.floor((this.#random() * PERIOD_MS) / 100) * 100_000;
  }

  #price(): number {
    return 1 + Math.floor(this.#random() * 1000) / 1000;
  }

  #pick<T>(items: readonly T[]): T {
    const item = items[Math.floor(this.#random() * items.length)];
    if (item === undefined) throw new RangeError("nothing to pick from");
    return item;
  }
}
