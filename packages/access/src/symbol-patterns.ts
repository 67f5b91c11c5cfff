/**
 * Patterns as SQL's `like` has them, for `symbol like any (…)`: the same symbols as {@link SymbolPatterns} covers.
 *
 * @param patterns undefined: every symbol
 */
export function likePatterns(patterns: readonly string[] | undefined): string[] {
  return (patterns ?? ["*"]).map((pattern) => pattern.replace(/[_%\\]/g, "\\$&").replace(/\*$/, "%"));
}

/** Symbols remembered with their verdict: as many as there may be in all. Whoever asks for others forgets these. */
const REMEMBERED_MAX = 10_000;

/** Symbols a token may touch: `XAUUSD` is that one, `EUR*` all that begin so. */
export class SymbolPatterns {
  readonly #exact: ReadonlySet<string>;
  readonly #prefixes: readonly string[];
  readonly #verdicts = new Map<string, boolean>();

  constructor(readonly patterns: readonly string[]) {
    this.#exact = new Set(patterns.filter((pattern) => !pattern.endsWith("*")));
    this.#prefixes = patterns.filter((pattern) => pattern.endsWith("*")).map((pattern) => pattern.slice(0, -1));
  }

  /** Costs the same for each symbol that was asked for before, however many patterns there are. */
  covers(symbol: string): boolean {
    const known = this.#verdicts.get(symbol);
    if (known !== undefined) return known;
    const verdict = this.#exact.has(symbol) || this.#prefixes.some((prefix) => symbol.startsWith(prefix));
    if (this.#verdicts.size >= REMEMBERED_MAX) this.#verdicts.clear();
    this.#verdicts.set(symbol, verdict);
    return verdict;
  }
}
