import type { Micros } from "@fx-ohlc/schemas";
import type { Queries } from "./sql.js";

/** A session or transaction that refreshes bars holds it shared; the procedure refresh_bars() has the same number. */
export const REFRESH_LOCK = 5_064_224;

/** What the database says of the raw ticks it holds. It only ever moves forward. */
export interface RetentionMark {
  /** Ticks before it are there for nobody. */
  readonly droppedBeforeUs: Micros;
  /** Ticks from here on are all there; not later than {@link droppedBeforeUs}. */
  readonly wholeFromUs: Micros;
}

export async function readMark(sql: Queries): Promise<RetentionMark> {
  const [mark] = await sql<RetentionMark[]>`
    select dropped_before as "droppedBeforeUs", whole_from as "wholeFromUs" from retention_mark`;
  if (mark === undefined) throw new Error("the database has no retention mark");
  return mark;
}
