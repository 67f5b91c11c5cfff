import { SymbolPatterns } from "@fx-ohlc/access";
import { entryOf } from "@fx-ohlc/service-kit";

/** Parts the name of a wildcard from the patterns it is narrowed to; no symbol and no pattern holds either of these. */
const NARROWED = "|";
const COMMA = ",";

/** Whom a client's wildcards mean: undefined: every symbol. */
export type Reach = readonly string[] | undefined;

/** The name under which followers of a wildcard are kept whose token may not see every symbol. */
export function narrowedName(wildcard: string, patterns: readonly string[]): string {
  return `${wildcard}${NARROWED}${patterns.join(COMMA)}`;
}

/** The patterns that a name was narrowed to; undefined: it was not. */
export function patternsIn(name: string): readonly string[] | undefined {
  const mark = name.indexOf(NARROWED);
  return mark < 0 ? undefined : name.slice(mark + 1).split(COMMA);
}

/** Symbols whose narrowed followers are remembered. */
const REMEMBERED_MAX = 10_000;

/**
 * Which narrowed wildcards have followers, and which of them cover a symbol: found once for each symbol, so that what is published
 * costs no more than those it goes to.
 */
export class NarrowedWildcards {
  readonly #followed = new Map<string, { readonly patterns: SymbolPatterns; names: number }>();
  readonly #covering = new Map<string, readonly string[]>();

  /** The first subscriber of a name has come. */
  add(name: string): void {
    const patterns = patternsIn(name);
    if (patterns === undefined) return;
    const key = patterns.join(COMMA);
    entryOf(this.#followed, key, () => ({ patterns: new SymbolPatterns(patterns), names: 0 })).names += 1;
    this.#covering.clear();
  }

  /** Its last one has left. */
  remove(name: string): void {
    const key = patternsIn(name)?.join(COMMA);
    const followed = key === undefined ? undefined : this.#followed.get(key);
    if (key === undefined || followed === undefined) return;
    followed.names -= 1;
    if (followed.names === 0) this.#followed.delete(key);
    this.#covering.clear();
  }

  /** Names of a wildcard, as narrowed by those whose patterns cover a symbol. */
  namesFor(wildcard: string, symbol: string): readonly string[] {
    if (this.#followed.size === 0) return NONE;
    const keys = this.#covering.get(symbol) ?? this.#findCovering(symbol);
    return keys.map((key) => `${wildcard}${NARROWED}${key}`);
  }

  #findCovering(symbol: string): readonly string[] {
    const keys = [...this.#followed].filter(([, { patterns }]) => patterns.covers(symbol)).map(([key]) => key);
    if (this.#covering.size >= REMEMBERED_MAX) this.#covering.clear();
    this.#covering.set(symbol, keys);
    return keys;
  }
}

const NONE: readonly string[] = [];
