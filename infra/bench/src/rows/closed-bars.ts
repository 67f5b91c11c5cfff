import type { Sql } from "@fx-ohlc/database";
import type { Micros } from "@fx-ohlc/schemas";
import { eventually } from "@fx-ohlc/testkit";

/** Bars are closed about once a minute, in two steps, ms. */
const CLOSED_WITHIN_MS = 180_000;

/** Waits until the minute bars before an instant are closed: only those are kept in memory. */
export async function untilClosed(sql: Sql, toUs: Micros): Promise<void> {
  const isClosed = async (): Promise<boolean> => {
    const [mark] = await sql<
      { isClosed: boolean }[]
    >`select minute_to >= ${toUs}::timestamptz as "isClosed" from bar_mark`;
    return mark?.isClosed === true;
  };
  await eventually(isClosed, { timeoutMs: CLOSED_WITHIN_MS, intervalMs: 500, what: "the bars to be closed" });
}
