/** Longest stored symbol; the database's check constraint says the same. */
export const SYMBOL_LENGTH_MAX = 32;

/** What a sender may write for a symbol, before its stored form is looked at. */
export const SYMBOL_PATTERN = /^[A-Za-z0-9._+#:@&-]+(?:\/[A-Za-z0-9._+#:@&-]+)?$/;

/** Every stored symbol, but for those of {@link keepSpellings}. */
export const STORED_SYMBOL_PATTERN = /^(?!.*:(?:BID|ASK|QUOTE)$)[A-Z0-9](?:[A-Z0-9._+#:@&-]{0,30}[A-Z0-9+#])?$/;

/** What every refusal of a symbol says. */
export const SYMBOL_RULE =
  "must be 1 to 32 of A-Z 0-9 . _ - + # : @ &, begin with a letter or digit, end with one or + or #, and not end in :BID, :ASK or :QUOTE (eurusd, EUR/USD, EUR_USD and FX:EURUSD are read as EURUSD)";

/** Symbols whose stored form is what was written, whatever else is: nearly all that are sent. */
const PLAIN = /^[A-Z0-9]{1,32}$/;
/** Two currencies as OANDA, TradingView and Polygon write them. */
const PAIR = /^(?:FX:|C:)?([A-Z]{3})_?([A-Z]{3})$/;
const PREFIX = /^(?:[A-Z0-9][A-Z0-9._+#:@&-]{0,31})?$/;

let kept: ReadonlySet<string> = new Set();

/**
 * Some symbols were stored by the first version under spellings that are read as another symbol since, or as none: they are found
 * by that very spelling, wherever this process takes a symbol. A process works on one database, so there is one set of them.
 */
export function keepSpellings(spellings: Iterable<string>): void {
  const now = new Set(spellings);
  const isSame = now.size === kept.size && [...now].every((spelling) => kept.has(spelling));
  // Whoever remembers what was read under a set knows it by its identity.
  if (!isSame) kept = now;
}

/** The set of {@link keepSpellings}; another object whenever there are others in it. */
export function keptSpellings(): ReadonlySet<string> {
  return kept;
}

/**
 * The stored form of a symbol: upper case, one slash between two parts removed, and a pair of currencies without what is around it.
 *
 * @returns the symbol, or undefined when `raw` cannot be one
 */
export function normalizeSymbol(raw: unknown): string | undefined {
  if (typeof raw !== "string") return undefined;
  if (PLAIN.test(raw)) return raw;
  if (!SYMBOL_PATTERN.test(raw)) return undefined;
  const upper = raw.toUpperCase();
  if (kept.has(upper)) return upper;
  const symbol = upper.replace("/", "").replace(PAIR, "$1$2");
  return STORED_SYMBOL_PATTERN.test(symbol) ? symbol : undefined;
}

/** One side of a symbol's quotes, as charts name it: `EURUSD:BID`. No stored symbol ends so. */
const SIDE = /:(BID|ASK)$/i;

export type Side = "bid" | "ask";

/** A symbol, and which side of its quotes is meant; none where its name has none. */
export interface SidedSymbol {
  readonly symbol: string;
  readonly side?: Side;
}

/** Takes the name of {@link normalizeSidedSymbol} apart. */
export function splitSide(name: string): SidedSymbol {
  const [ending, side] = SIDE.exec(name) ?? [];
  if (ending === undefined) return { symbol: name };
  return { symbol: name.slice(0, -ending.length), side: side?.toUpperCase() === "BID" ? "bid" : "ask" };
}

/** The name of a symbol, or of one side of its quotes, with the symbol in its stored form. */
export function normalizeSidedSymbol(raw: unknown): string | undefined {
  if (typeof raw !== "string") return undefined;
  const { symbol, side } = splitSide(raw);
  const stored = normalizeSymbol(symbol);
  return stored === undefined || side === undefined ? stored : sidedName(stored, side);
}

/** What charts call one side of a symbol's quotes. */
export function sidedName(symbol: string, side: Side): string {
  return `${symbol}:${side.toUpperCase()}`;
}

/** Why what is no symbol is refused; in a URL a plus that is not escaped is a space. */
export function symbolProblem(raw: unknown): string {
  if (raw === null) return `must not be null: it ${SYMBOL_RULE}`;
  return typeof raw === "string" && raw.includes(" ") ? `${SYMBOL_RULE}; in a URL write + as %2B` : SYMBOL_RULE;
}

/** What stored symbols may begin with, in any spelling; undefined when none can. */
export function normalizePrefix(raw: unknown): string | undefined {
  if (typeof raw !== "string") return undefined;
  const prefix = raw.replace("/", "").toUpperCase();
  return PREFIX.test(prefix) ? prefix : undefined;
}

/**
 * A pattern of symbols in its stored form: `XAUUSD` is that one, `EUR*` all that begin so, `*` every one.
 *
 * @returns undefined when `raw` cannot be one
 */
export function normalizePattern(raw: unknown): string | undefined {
  if (typeof raw !== "string" || !raw.endsWith("*")) return normalizeSymbol(raw);
  const prefix = normalizePrefix(raw.slice(0, -1));
  return prefix === undefined ? undefined : `${prefix}*`;
}
