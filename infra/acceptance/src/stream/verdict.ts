import type postgres from "postgres";
import type { StoredTick } from "../stored.js";
import { checkAccount } from "./account.js";
import type { Inhabitant } from "./population.js";
import type { StreamRecord } from "./record.js";
import { type CommittedTick, SymbolTruth } from "./symbol-truth.js";
import type { Fault, Told } from "./told.js";

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
  const stored = await sql<(StoredTick & Record<"bid" | "ask", number | null>)[]>`
    select to_char(time, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as time, seq, price, bid, ask from ticks where symbol = ${symbol}`;
  return new Map(
    stored.map((tick) => {
      const { bid, ask } = tick;
      const number = book.numberOf({ symbol, ...tick, bid: bid ?? undefined, ask: ask ?? undefined });
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

/** What one client was told of one symbol, and what there was to tell. */
export interface Account {
  readonly client: string;
  readonly symbol: string;
  readonly told: readonly Told[];
  readonly truth: SymbolTruth;
}

/** The accounts of all clients. */
export function accountsOf(inhabitants: readonly Inhabitant[], truths: ReadonlyMap<string, SymbolTruth>): Account[] {
  return inhabitants.flatMap(({ kind, client: { book } }, index) =>
    book.symbols.map((symbol) => {
      const truth = truths.get(symbol);
      if (truth === undefined) throw new Error(`nothing is known of ${symbol}`);
      return { client: `${kind} ${index}`, symbol, told: book.of(symbol), truth };
    }),
  );
}

/** What is wrong with any of them. */
export function faultsOf(accounts: readonly Account[]): FoundFault[] {
  return accounts.flatMap(({ client, symbol, told, truth }) =>
    checkAccount(told, truth).map((fault) => ({ client, symbol, ...fault })),
  );
}
