import type postgres from "postgres";
import type { StoredTick } from "../stored.js";
import { checkAccount } from "./account.js";
import type { Inhabitant } from "./population.js";
import type { StreamRecord } from "./record.js";
import { type CommittedTick, SymbolTruth } from "./symbol-truth.js";
import type { Fault } from "./told.js";

/** A fault with where it was found. */
export interface FoundFault extends Fault {
  readonly client: string;
  readonly symbol: string;
}

/** What the database holds of a symbol, with when each tick was first sent. */
async function committedTicks(
  sql: postgres.Sql,
  symbol: string,
  { book }: StreamRecord,
  sentMs: ReadonlyMap<string, number>,
): Promise<Map<number, CommittedTick>> {
  const stored = await sql<StoredTick[]>`
    select to_char(time, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as time, seq, price from ticks where symbol = ${symbol}`;
  return new Map(
    stored.map((tick) => {
      const number = book.numberOf({ symbol, ...tick });
      return [number, { timeUs: book.timeUs(number), sentMs: sentMs.get(`${symbol} ${tick.time}`) ?? 0 }];
    }),
  );
}

/** The truth about every symbol, once nothing happens any more. */
export async function truthOf(
  sql: postgres.Sql,
  symbols: readonly string[],
  record: StreamRecord,
  sentMs: ReadonlyMap<string, number>,
): Promise<Map<string, SymbolTruth>> {
  const truths = new Map<string, SymbolTruth>();
  for (const symbol of symbols) {
    const committed = await committedTicks(sql, symbol, record, sentMs);
    truths.set(symbol, new SymbolTruth(record.order(symbol), committed));
  }
  return truths;
}

/** Checks the accounts of all clients. */
export function faultsOf(inhabitants: readonly Inhabitant[], truths: ReadonlyMap<string, SymbolTruth>): FoundFault[] {
  return inhabitants.flatMap(({ kind, client }, index) =>
    client.book.symbols.flatMap((symbol) => {
      const truth = truths.get(symbol);
      if (truth === undefined) throw new Error(`nothing is known of ${symbol}`);
      const faults = checkAccount(client.book.of(symbol), truth);
      return faults.map((fault) => ({ client: `${kind} ${index}`, symbol, ...fault }));
    }),
  );
}
