import { mending } from "./session.js";
import type { Transaction } from "./sql.js";

const MENDING = mending("transaction");

/**
 * Makes this transaction the only writer of some symbols until it ends. Every transaction that changes ticks takes the locks
 * first, in a statement of its own: what later statements see then holds everything earlier writers committed. They are
 * taken in one order, so that writers wait for each other and never in a circle.
 *
 * They are noted in the setting `fx.symbols` until then, for later statements. What such a transaction must not do without is put
 * right in the same statement: triggers, and a commit that lasts.
 *
 * The statement is sent by the call itself, so that those that are called after it follow it on the connection, awaited or
 * not: postgres.js sends a query only when somebody waits for it, and would send the locks last.
 */
export function lockSymbols(transaction: Transaction, symbols: readonly string[]): Promise<unknown> {
  return transaction`
    select pg_advisory_xact_lock(key), ${transaction.unsafe(MENDING)}
      from (select distinct hashtextextended(symbol, 0) as key
              from unnest((select set_config('fx.symbols', ${[...symbols]}::text[]::text, true))::text[]) as symbol
             order by key) keys`.execute();
}

/** Notes symbols that are not locked yet, for whoever looks before the locks what they are about. */
export function noteSymbols(transaction: Transaction, symbols: readonly string[]): Promise<unknown> {
  return transaction`select set_config('fx.symbols', ${[...symbols]}::text[]::text, true)`.execute();
}
