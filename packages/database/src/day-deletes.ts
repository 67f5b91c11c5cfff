import { type Micros, US_PER_DAY } from "@fx-ohlc/schemas";
import { type ArchivedDrops, enterDroppedDay, enterGivenUp } from "./archived-drops.js";
import { dateOf } from "./changed-days.js";
import type { Leadership } from "./leadership.js";
import type { Sql, Transaction } from "./sql.js";

/** Rows one transaction deletes on plain PostgreSQL: some 20 ms, so that no writer waits longer. */
const ROWS_PER_BATCH = 5000;

/**
 * Deletes expired ticks on plain PostgreSQL, in batches. With an archive it goes day by day: a day's entry is marked in the
 * transaction that deletes the first of its ticks, and from then on the archive answers for all of them.
 */
export class DayDeletes {
  constructor(
    private readonly leadership: Leadership,
    private readonly sql: Sql,
    private readonly archived: ArchivedDrops,
  ) {}

  /** @returns whether nothing is left before an instant */
  async deleteBefore(beforeUs: Micros, hasArchive: boolean): Promise<boolean> {
    const symbols = await this.sql<{ symbol: string }[]>`
      select symbol
        from (select distinct symbol from ohlc_day where bucket >= '1969-12-30 00:00:00+00') known
       where exists (select 1 from ticks where ticks.symbol = known.symbol and ticks.time < ${beforeUs})`;
    let isAllGone = true;
    for (const { symbol } of symbols) {
      if (hasArchive) isAllGone = (await this.deleteDays(symbol, beforeUs)) && isAllGone;
      else await this.deleteUnarchived(symbol, beforeUs);
    }
    return isAllGone;
  }

  /** @param isNew what is to be done with the first batch */
  private async deleteBatches(
    symbol: string,
    fromUs: Micros,
    toUs: Micros,
    begin: (transaction: Transaction) => Promise<boolean>,
  ): Promise<void> {
    let isBegun = false;
    for (let count = ROWS_PER_BATCH; count === ROWS_PER_BATCH; ) {
      count = await this.leadership.transaction(async (transaction) => {
        if (!isBegun && !(await begin(transaction))) return 0;
        return deleteBatch(transaction, symbol, fromUs, toUs);
      });
      isBegun = true;
    }
  }

  private deleteUnarchived(symbol: string, beforeUs: Micros): Promise<void> {
    return this.deleteBatches(symbol, 0, beforeUs, async (transaction) => {
      await enterGivenUp(transaction, { fromUs: 0, toUs: beforeUs }, symbol);
      return true;
    });
  }

  private async deleteDays(symbol: string, beforeUs: Micros): Promise<boolean> {
    let isAllGone = true;
    for (let fromUs = 0; ; fromUs += US_PER_DAY) {
      const [row] = await this.sql<{ time: Micros | null }[]>`
        select min(time) as time from ticks where symbol = ${symbol} and time >= ${fromUs} and time < ${beforeUs}`;
      if (row === undefined || row.time === null) return isAllGone;
      fromUs = Math.floor(row.time / US_PER_DAY) * US_PER_DAY;
      isAllGone = (await this.deleteDay(symbol, fromUs)) && isAllGone;
    }
  }

  private async deleteDay(symbol: string, fromUs: Micros): Promise<boolean> {
    const range = { fromUs, toUs: fromUs + US_PER_DAY };
    const dropped = await this.sql`
      select 1 from archive_days where symbol = ${symbol} and date = ${dateOf(fromUs)}::text::date and dropped_at is not null`;
    const isBegun = dropped.length > 0;
    if (!isBegun && !(await this.archived.holds(range, symbol))) return false;
    let isMarked = isBegun;
    await this.deleteBatches(symbol, range.fromUs, range.toUs, async (transaction) => {
      isMarked = isBegun || (await enterDroppedDay(transaction, range, symbol));
      return isMarked;
    });
    return isMarked;
  }
}

async function deleteBatch(transaction: Transaction, symbol: string, fromUs: Micros, toUs: Micros): Promise<number> {
  await transaction`set local fx.keep_bars = 'on'`;
  const { count } = await transaction`
    delete from ticks
     where symbol = ${symbol} and time >= ${fromUs} and time < ${toUs}
       and (time, seq) in (select time, seq from ticks where symbol = ${symbol} and time >= ${fromUs} and time < ${toUs}
                            order by time, seq limit ${ROWS_PER_BATCH})`;
  return count;
}
