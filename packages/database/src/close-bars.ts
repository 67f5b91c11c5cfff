import { setTimeout as sleep } from "node:timers/promises";
import { type Micros, nowUs, STORED_INTERVALS } from "@fx-ohlc/schemas";
import { barRelation, familiesInUse } from "./bar-families.js";
import { BarMark } from "./bar-mark.js";
import { onceFree } from "./once-free.js";
import { pricesStoredTo, takeQuotesAlong } from "./quotes-along.js";
import { readSettings } from "./settings.js";
import type { Sql, Transaction } from "./sql.js";

/** Between two looks whether a transaction that is waited for has ended. */
const POLL_MS = 20;

/**
 * Closes all bars that start before an instant, at once and whoever looks after bars: for tests, which do not wait for minutes. On
 * TimescaleDB all of that is materialised first.
 *
 * @returns when every transaction has ended that may change them without drawing a version
 */
export async function closeBars(sql: Sql, beforeUs: Micros): Promise<void> {
  const { engine } = await readSettings(sql);
  if (engine === "timescaledb") await materialise(sql, beforeUs);
  const [clock] = await sql<{ now: Micros }[]>`select fx_clock() as now`;
  const afterUs = (clock?.now ?? nowUs()) - beforeUs;
  const anybody = { transaction: <T>(work: (transaction: Transaction) => Promise<T>) => begin(sql, work) };
  const mark = new BarMark(anybody, sql, () => undefined, { everyMs: Number.POSITIVE_INFINITY, afterUs });
  while (!(await mark.step(engine))) await sleep(POLL_MS);
}

async function materialise(sql: Sql, beforeUs: Micros): Promise<void> {
  const families = await familiesInUse(sql);
  for (const interval of STORED_INTERVALS) {
    for (const family of families) {
      const relation = barRelation(family, interval);
      // A worker that runs beside the test may be refreshing the same.
      await onceFree(
        () => sql`call refresh_continuous_aggregate(${relation}::text::regclass, null, ${beforeUs}::timestamptz)`,
      );
    }
    if (families.length > 1) {
      await onceFree(async () => takeQuotesAlong(sql, interval, await pricesStoredTo(sql, interval)));
    }
  }
}

async function begin<T>(sql: Sql, work: (transaction: Transaction) => Promise<T>): Promise<T> {
  const { value } = await sql.begin(async (transaction) => ({ value: await work(transaction) }));
  return value;
}
