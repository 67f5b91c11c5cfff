import type { Told } from "./told.js";

/** Everything one client was told, by symbol, over all of its connections. */
export class AccountBook {
  readonly #accounts = new Map<string, Told[]>();
  readonly #newestTicks = new Map<string, number>();

  constructor(readonly symbols: readonly string[]) {
    for (const symbol of symbols) this.#accounts.set(symbol, []);
  }

  of(symbol: string): readonly Told[] {
    return this.#accounts.get(symbol) ?? [];
  }

  /** @throws Error for a symbol that was not asked for */
  add(symbol: string, told: Told): void {
    const account = this.#accounts.get(symbol);
    if (account === undefined) throw new Error(`${symbol} was told and not asked for`);
    account.push(told);
    const newest = told.kind === "ticks" ? told.ticks.at(-1) : undefined;
    if (newest !== undefined) this.#newestTicks.set(symbol, newest);
  }

  /** The last tick that was told of a symbol. */
  newestTick(symbol: string): number | undefined {
    return this.#newestTicks.get(symbol);
  }
}
