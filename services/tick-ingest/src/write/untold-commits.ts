/** Which commits the readers of each symbol have not been told of. Commits are added in the order of their numbers. */
export class UntoldCommits {
  private readonly bySymbol = new Map<string, Set<number>>();
  private readonly symbolsOf = new Map<number, Set<string>>();

  /** The numbers of all of them. */
  get batches(): Iterable<number> {
    return this.symbolsOf.keys();
  }

  add(batch: number, symbols: Iterable<string>): void {
    const own = new Set(symbols);
    this.symbolsOf.set(batch, own);
    for (const symbol of own) {
      const batches = this.bySymbol.get(symbol);
      if (batches === undefined) this.bySymbol.set(symbol, new Set([batch]));
      else batches.add(batch);
    }
  }

  /** @returns whether that was the last symbol of the commit */
  tell(batch: number, symbol: string): boolean {
    const symbols = this.symbolsOf.get(batch);
    if (symbols === undefined) return false;
    symbols.delete(symbol);
    this.remove(batch, symbol);
    return symbols.size === 0 && this.symbolsOf.delete(batch);
  }

  forget(batch: number): void {
    for (const symbol of this.symbolsOf.get(batch) ?? []) this.remove(batch, symbol);
    this.symbolsOf.delete(batch);
  }

  /** The first of a symbol's commits that is none of `except`. */
  oldest(symbol: string, except: ReadonlySet<number>): number | undefined {
    for (const batch of this.bySymbol.get(symbol) ?? []) if (!except.has(batch)) return batch;
    return undefined;
  }

  private remove(batch: number, symbol: string): void {
    const batches = this.bySymbol.get(symbol);
    batches?.delete(batch);
    if (batches?.size === 0) this.bySymbol.delete(symbol);
  }
}
