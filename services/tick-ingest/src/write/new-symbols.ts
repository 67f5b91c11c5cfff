import { type AddableSymbols, addableSymbols, type Transaction } from "@fx-ohlc/database";
import type { NewTick } from "@fx-ohlc/schemas";
import type { Config } from "../config.js";
import type { Refusal, SymbolRefusal } from "./slot-allocator.js";

/** Symbols that are not known yet, and how many of them are taken. */
export interface NewSymbols extends AddableSymbols {
  /** Why no more are. */
  readonly refusal: SymbolRefusal;
}

/** Of requests of which every symbol is known. */
export const NO_NEW_SYMBOLS: NewSymbols = { unknown: new Set(), room: 0, refusal: "too_many_symbols" };

/** @param unheard symbols of the transaction that may be unknown */
export async function readNewSymbols(
  transaction: Transaction,
  unheard: readonly string[],
  { symbolsMax, registeredSymbolsOnly }: Pick<Config, "symbolsMax" | "registeredSymbolsOnly">,
): Promise<NewSymbols> {
  if (unheard.length === 0) return NO_NEW_SYMBOLS;
  const addable = await addableSymbols(transaction, unheard, symbolsMax);
  return registeredSymbolsOnly
    ? { ...addable, room: 0, refusal: "unregistered_symbol" }
    : { ...addable, refusal: "too_many_symbols" };
}

/** The symbols that a request would add, and what speaks against others of it. */
interface Wanted {
  readonly symbols: readonly string[];
  readonly refusals: readonly Refusal[];
}

const NONE_WANTED: Wanted = { symbols: [], refusals: [] };

/**
 * Gives new symbols their room, request by request. What a request would add counts once it is certain that it is stored; until
 * then others may have its room.
 */
export class SymbolRoom {
  private readonly taken = new Set<string>();

  constructor(private readonly newSymbols: NewSymbols) {}

  /** What a request would add: the first of its new symbols find room before the later ones. */
  wantedBy(request: readonly NewTick[]): Wanted {
    const { unknown, room, refusal } = this.newSymbols;
    if (unknown.size === 0) return NONE_WANTED;
    const added = new Set<string>();
    const refusals: Refusal[] = [];
    request.forEach(({ symbol }, index) => {
      if (!unknown.has(symbol) || this.taken.has(symbol) || added.has(symbol)) return;
      if (this.taken.size + added.size < room) added.add(symbol);
      else refusals.push({ index, reason: refusal });
    });
    return { symbols: [...added], refusals };
  }

  /** They are stored: whoever comes later finds so much less room. */
  take({ symbols }: Wanted): void {
    for (const symbol of symbols) this.taken.add(symbol);
  }
}
