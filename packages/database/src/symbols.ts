import type { Transaction } from "./sql.js";

/** Whoever adds symbols holds it until the transaction ends, so that they are counted exactly; the migration has it too. */
const ADD_LOCK = 5_064_225;

/** Symbols that a transaction may add to the table of them. */
export interface AddableSymbols {
  /** Those it wants that are not there. */
  readonly unknown: ReadonlySet<string>;
  /** How many of them there is room for. */
  readonly room: number;
}

/**
 * Which of some symbols are not in the table, and how many of those can be added until the transaction ends. The transaction holds
 * the locks of all of them, so nobody else adds or removes one; where some are unknown it takes the lock for adding, after those,
 * as everybody does.
 *
 * @param symbolsMax how many there may be in all
 */
export async function addableSymbols(
  transaction: Transaction,
  symbols: readonly string[],
  symbolsMax: number,
): Promise<AddableSymbols> {
  const seen = await unknownSymbols(transaction, symbols);
  if (seen.length === 0) return { unknown: new Set(), room: 0 };
  await transaction`select pg_advisory_xact_lock(${ADD_LOCK}::bigint)`;
  // What the migration, or somebody by hand, added before the lock was ours is seen by a later statement only.
  const [counted] = await transaction<{ known: number }[]>`select count(*) as known from symbols`;
  const unknown = await unknownSymbols(transaction, seen);
  return { unknown: new Set(unknown), room: Math.max(0, symbolsMax - (counted?.known ?? 0)) };
}

/** Those of some symbols that are not in the table. */
export async function unknownSymbols(transaction: Transaction, symbols: readonly string[]): Promise<string[]> {
  const rows = await transaction<{ symbol: string }[]>`
    select wanted as symbol
      from unnest(${[...symbols]}::text[]) as wanted
     where not exists (select 1 from symbols where symbol = wanted)`;
  return rows.map(({ symbol }) => symbol);
}

/** Notes which symbols a transaction brings quotes of, for those who read its rules; none where it brings single prices alone. */
export function noteQuoted(transaction: Transaction, symbols: readonly string[]): Promise<unknown> {
  if (symbols.length === 0) return Promise.resolve();
  return transaction`select set_config('fx.quoted', ${[...symbols]}::text[]::text, true)`.execute();
}

/**
 * Something of these symbols is stored now; those that are not there are added.
 *
 * @param quoted those of them that quotes are stored of for the first time
 */
export function hearSymbols(
  transaction: Transaction,
  symbols: readonly string[],
  quoted: readonly string[] = [],
): Promise<unknown> {
  return transaction`
    insert into symbols (symbol, first_heard, last_heard, quotes)
    select heard, fx_now(), fx_now(), heard = any(${[...quoted]}::text[])
      from unnest(${[...symbols]}::text[]) as heard order by heard collate "C"
        on conflict (symbol) do update
           set last_heard = excluded.last_heard, quotes = symbols.quotes or excluded.quotes`.execute();
}
