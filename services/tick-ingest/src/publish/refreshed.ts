import type { FinishRefresh } from "@fx-ohlc/database";
import type { CommitLedger } from "../write/commit-ledger.js";
import type { Publisher } from "./publisher.js";

/**
 * Tells the stream that bars can be read again. The ledger holds the windows from the moment they leave the queue until that is
 * on Redis, so that a process that dies in between leaves them to the others. Nothing of it is news for who follows ticks: a
 * correction of them is told by itself.
 */
export function finishRefresh(ledger: CommitLedger, publisher: Publisher): FinishRefresh {
  return async (sql, windows, remove) => {
    const commit = await sql.begin(async (transaction) => {
      await remove(transaction);
      return ledger.record(transaction, windows);
    });
    publisher.publishRanges("late", windows, commit);
  };
}
