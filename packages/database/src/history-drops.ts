import type { Micros } from "@fx-ohlc/schemas";
import type { Leadership } from "./leadership.js";

/** Rows one transaction deletes. */
const ROWS_PER_BATCH = 5000;

/**
 * Deletes what was kept of replaced ticks together with the ticks themselves. That something was revised there stays known: bars that
 * changed are told from those that never did.
 */
export class HistoryDrops {
  /** Up to where this process has deleted everything. */
  private deletedBeforeUs: Micros = 0;

  constructor(private readonly leadership: Leadership) {}

  /** @param beforeUs ticks before it are there for nobody, and nobody can store another one there */
  async deleteBefore(beforeUs: Micros): Promise<void> {
    if (beforeUs <= this.deletedBeforeUs) return;
    for (let count = ROWS_PER_BATCH; count === ROWS_PER_BATCH; ) {
      count = await this.leadership.transaction(async (transaction) => {
        const deleted = await transaction`
          delete from tick_history
           where ctid in (select ctid from tick_history where time < ${beforeUs} limit ${ROWS_PER_BATCH})`;
        return deleted.count;
      });
    }
    this.deletedBeforeUs = beforeUs;
  }
}
