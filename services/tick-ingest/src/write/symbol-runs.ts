import type { Tick } from "@fx-ohlc/schemas";

/** The ticks of one symbol among those of a commit. */
export interface SymbolRun {
  readonly symbol: string;
  /** Where they begin and end among all. */
  readonly from: number;
  readonly to: number;
  readonly first: Tick;
  readonly last: Tick;
}

/** The ticks of a commit, which are ordered by symbol, symbol by symbol. */
export function* runsOf(ticks: readonly Tick[]): Generator<SymbolRun> {
  for (let from = 0; from < ticks.length; ) {
    const first = ticks[from];
    if (first === undefined) return;
    let to = from + 1;
    while (ticks[to]?.symbol === first.symbol) to += 1;
    yield { symbol: first.symbol, from, to, first, last: ticks[to - 1] ?? first };
    from = to;
  }
}
