import type { FinishRefresh } from "@fx-ohlc/database";
import type { CommitLedger } from "../write/commit-ledger.js";
import type { Publisher } from "./publisher.js";

/**
 * Tells the stream that bars can be read again. The ledger holds the windows from the moment they leave the queue until that is
 * on Redis, so that a process that dies in between leaves them to its successor.
 */
export function finishRefresh(ledger: CommitLedger, publisher: Publisher): FinishRefresh {
  return async (sql, windows, remove) => {
    const batch = await ledger.transaction(sql, async (transaction, own) => {
      await remove(transaction);
      return ledger.record(transaction, own, windows);
    });
    publisher.publishRevisions(windows, batch);
  };
}
