import { type Micros, US_PER_HOUR } from "@fx-ohlc/schemas";
import { BAR_FAMILIES, type BarFamily, barRelation } from "./bar-families.js";
import type { BarRefresh } from "./bar-refresh.js";
import type { SliceLength } from "./slice-length.js";
import type { Sql } from "./sql.js";
import { SweepOrder } from "./sweep-order.js";

/** Something that TimescaleDB knows to have changed below a level's watermark. */
interface Change {
  /** Of the family. */
  readonly name: BarFamily["name"];
  readonly interval: "minute" | "hour";
  readonly fromUs: Micros;
  readonly toUs: Micros;
}

/** The relations whose changes are looked for. */
const SWEPT = BAR_FAMILIES.flatMap((family) => [barRelation(family, "minute"), barRelation(family, "hour")]);
/** More than may be stuck at once. */
const LOOK_MAX = 50;
/** Days are right by then: a refresh of theirs only clears what TimescaleDB noted, and costs the more the more chunks there are. */
const DAYS_EVERY_MS = 6 * 3_600_000;

/**
 * Refreshes, slice by slice and newest first, whatever TimescaleDB took note of as changed and no refresh has reached: what others
 * wrote, who queue no windows, and what is right already but was made anew behind its back. Nobody waits for it.
 */
export class BarSweep {
  private readonly order = new SweepOrder<Change>();
  private daysAtMs = performance.now();

  constructor(
    private readonly sql: Sql,
    private readonly bars: BarRefresh,
    private readonly slice: SliceLength,
  ) {}

  async step(): Promise<void> {
    const change = this.order.next(await this.newestChanges(), performance.now());
    const startedMs = performance.now();
    if (change !== undefined) {
      const fromUs = Math.max(change.fromUs, change.toUs - this.slice.us);
      const families = BAR_FAMILIES.filter(({ name }) => name === change.name);
      await this.bars.refreshHistory({ fromUs, toUs: change.toUs }, families);
      this.slice.note(performance.now() - startedMs);
    } else if (startedMs - this.daysAtMs > DAYS_EVERY_MS) {
      await this.bars.refreshDays();
      this.daysAtMs = startedMs;
    }
  }

  /**
   * Of minutes and hours. Minutes before the mark are never refreshed, nor is what a level has not materialised yet. Before the
   * first chunk there is nothing to refresh: a family that is new is noted as changed since ever.
   */
  private async newestChanges(): Promise<readonly Change[]> {
    const [{ firstUs, wholeFromUs } = { firstUs: null, wholeFromUs: 0 }] = await this.sql<
      { firstUs: Micros | null; wholeFromUs: Micros }[]
    >`
      select (select min(from_time) from tick_chunks_now) as "firstUs", whole_from as "wholeFromUs" from retention_mark`;
    const oldestHourUs = Math.max(0, (firstUs ?? 0) - US_PER_HOUR);
    const oldestMinuteUs = Math.max(wholeFromUs, firstUs ?? 0);
    return this.sql<Change[]>`
      with level as (
        select bars.mat_hypertable_id, bars.raw_hypertable_id, split_part(bars.user_view_name, '_', 1) as name,
               split_part(bars.user_view_name, '_', 2) as interval, mark.watermark,
               case split_part(bars.user_view_name, '_', 2) when 'minute' then ${oldestMinuteUs}::bigint
                                                                   else ${oldestHourUs}::bigint end as oldest
          from _timescaledb_catalog.continuous_agg bars
          join _timescaledb_catalog.continuous_aggs_watermark mark using (mat_hypertable_id)
         where bars.user_view_schema = current_schema()
           and bars.user_view_name = any(${SWEPT}::text[])
      ), change as (
        select level.*, lowest_modified_value as lowest, greatest_modified_value as greatest
          from level
          join _timescaledb_catalog.continuous_aggs_materialization_invalidation_log on materialization_id = mat_hypertable_id
        union all
        select level.*, lowest_modified_value, greatest_modified_value
          from level
          join _timescaledb_catalog.continuous_aggs_hypertable_invalidation_log on hypertable_id = raw_hypertable_id
      )
      select name, interval, greatest(lowest, oldest) as "fromUs", least(greatest, watermark - 1) + 1 as "toUs"
        from change
       where lowest < watermark and greatest >= oldest and watermark > oldest
       order by "toUs" desc, "fromUs" desc
       limit ${LOOK_MAX}::int`;
  }
}
