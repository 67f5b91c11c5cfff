import type { Micros } from "@fx-ohlc/schemas";
import type { Known } from "./feed-state.js";
import type { FeedTables } from "./feed-tables.js";

/** When nothing came any more of a symbol, and when something came last. */
export type SilenceOf = (symbol: string) => { readonly sinceUs: Micros; readonly heardUs: Micros };

/**
 * Keeps in the database when every feed of a symbol was down: what is written is what differs from what lasts there, so that a write
 * that failed is made up for, and one that was made twice changes nothing.
 */
export class Outages {
  #lasting: Map<string, Micros> | undefined;

  constructor(private readonly tables: FeedTables) {}

  /** Reads what lasts: another process may have written it. */
  async reload(): Promise<void> {
    this.#lasting = await this.tables.lastingOutages();
  }

  /** The states of all symbols are these now. An outage ends with what comes, or when the market closes. */
  async follow(status: ReadonlyMap<string, Known>, silenceOf: SilenceOf, nowUs: Micros): Promise<void> {
    this.#lasting ??= await this.tables.lastingOutages();
    const lasting = this.#lasting;
    const down = [...status].filter(([, { state }]) => state === "down").map(([symbol]) => symbol);
    const began = new Map(
      down.filter((symbol) => !lasting.has(symbol)).map((symbol) => [symbol, silenceOf(symbol).sinceUs]),
    );
    const ended = new Map(
      [...lasting.keys()]
        .filter((symbol) => status.get(symbol)?.state !== "down")
        .map((symbol) => [symbol, endOf(status.get(symbol), () => silenceOf(symbol).heardUs, nowUs)]),
    );
    await this.tables.beginOutages(began);
    for (const [symbol, fromUs] of began) lasting.set(symbol, fromUs);
    await this.tables.endOutages(ended);
    for (const symbol of ended.keys()) lasting.delete(symbol);
  }
}

function endOf(known: Known | undefined, heardUs: () => Micros, nowUs: Micros): Micros {
  if (known === undefined) return nowUs;
  return known.state === "closed" ? known.sinceUs : heardUs();
}
