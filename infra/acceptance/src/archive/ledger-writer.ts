import { type FxClient, ProblemError, type QuoteInput } from "@fx-ohlc/client";
import { formatTime, type Micros } from "@fx-ohlc/schemas";
import { type Ledger, type LedgerTick, placeOf, type Write } from "./ledger.js";

/** What a tick costs: a price, or both sides of a quote. */
type Cost = { readonly price: number } | QuoteInput;
/** Of ticks of days that are dropped. */
const OLDER_THAN_RETENTION = 422;

/** Writes, corrects and deletes ticks as producers do, and tells the ledger. */
export class LedgerWriter {
  /** How many were written, and how often something came too late. */
  readonly counts = { posted: 0, changed: 0, deleted: 0, refused: 0 };

  /** @param client repeats what was not answered: each tick has its `seq`, so that it is stored once */
  constructor(
    private readonly client: FxClient,
    private readonly ledger: Ledger,
    private readonly random: () => number,
  ) {}

  /** @returns whether they were stored: all or none */
  async post(places: readonly LedgerTick[]): Promise<boolean> {
    const fresh = [...new Map(places.map((place) => [`${place.symbol} ${placeOf(place)}`, place])).values()];
    const ticks = fresh.filter((place) => !this.ledger.has(place)).map((place) => ({ place, cost: this.cost(place) }));
    if (ticks.length === 0) return true;
    const writes = ticks.map(({ place, cost }) => ({ place, write: this.ledger.begin(place, textOf(cost)) }));
    try {
      await this.client.postTicks(ticks.map(({ place, cost }) => ({ ...place, ...cost })));
    } catch (error) {
      if (!(error instanceof ProblemError) || error.status !== OLDER_THAN_RETENTION) throw error;
      for (const { place, write } of writes) this.ledger.refuse(place, write);
      this.counts.refused += 1;
      return false;
    }
    for (const { write } of writes) this.ledger.end(write);
    this.counts.posted += ticks.length;
    return true;
  }

  /** Corrects or deletes some tick of a symbol since a time. */
  async change(symbol: string, since: string): Promise<void> {
    const ticks = this.ledger.present(symbol, since);
    const place = ticks[Math.floor(this.random() * ticks.length)];
    if (place === undefined) return;
    if (this.random() < 0.4) await this.written(place, null, () => this.client.deleteTick(place));
    else {
      const cost = this.cost(place);
      const body = "price" in cost && cost.price !== undefined ? cost.price : (cost as QuoteInput); // One of the two.
      await this.written(place, textOf(cost), () => this.client.putTick(place, body));
    }
  }

  private async written(place: LedgerTick, value: string | null, write: () => Promise<unknown>): Promise<void> {
    const begun: Write = this.ledger.begin(place, value);
    try {
      await write();
      this.counts[value === null ? "deleted" : "changed"] += 1;
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      // A deletion that was repeated finds nothing.
      const isDone = error.status === 404 && value === null;
      if (!isDone && error.status !== OLDER_THAN_RETENTION) throw error;
      if (!isDone) {
        this.counts.refused += 1;
        return this.ledger.refuse(place, begun);
      }
    }
    this.ledger.end(begun);
  }

  private cost({ symbol }: LedgerTick): Cost {
    const bid = (100_000 + Math.floor(this.random() * 5000)) / 100_000;
    if (symbol === "005930" || this.random() < 0.2) return { price: bid };
    return { bid, ask: (Math.round(bid * 1e5) + 2 * Math.floor(this.random() * 5)) / 1e5 };
  }
}

function textOf(cost: Cost): string {
  return "bid" in cost ? `${cost.bid} ${cost.ask}` : String(cost.price);
}

/** Some ticks of a symbol from an instant on: alone, of one stamp, and close to one another. */
export function placesFrom(symbol: string, us: Micros, random: () => number): LedgerTick[] {
  const at = (offsetUs: number, seq: number) => ({ symbol, time: formatTime(Math.floor(us) + offsetUs), seq });
  return [
    at(0, 0),
    ...(random() < 0.3 ? [at(0, 1 + Math.floor(random() * 3))] : []),
    ...(random() < 0.5 ? [at(Math.floor(random() * 9_000_000), 0)] : []),
  ];
}
