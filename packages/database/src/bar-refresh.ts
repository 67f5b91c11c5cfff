import { STORED_INTERVALS, type StoredInterval, type SymbolRange, type TimeRange, US_PER_DAY } from "@fx-ohlc/schemas";
import { type BarFamily, familiesInUse, rangesOfFamily } from "./bar-families.js";
import { type RangesOfFamily, recomputeBars, recomputeDays } from "./bar-recompute.js";
import type { Leadership } from "./leadership.js";
import { onceFree } from "./once-free.js";
import { pricesStoredTo, takeQuotesAlong } from "./quotes-along.js";
import { dayRefreshes, isAhead, isMadeOfLess, type RefreshBounds, readBounds, refreshRange } from "./refresh-plan.js";
import { REFRESH_LOCK } from "./retention-mark.js";
import type { Sql } from "./sql.js";
import { whileUnsettled } from "./unsettled-bars.js";

/**
 * Refreshes the continuous aggregates (TimescaleDB only).
 *
 * What is new is materialised every few seconds, always from where the last refresh ended: whatever no refresh has reached yet,
 * because none ran when it was new, would vanish below the watermark otherwise. What changes below it is for others to find.
 */
export class BarRefresh {
  private readonly refreshedAtMs = new Map<StoredInterval, number>();

  constructor(
    private readonly leadership: Leadership,
    private readonly sql: Sql,
  ) {}

  /**
   * Refreshes all levels while one of them is ahead of the present, because a clock was or somebody refreshed by hand: ticks of
   * transactions that were under way then are seen only after that.
   */
  async refreshAhead(): Promise<void> {
    for (const family of await familiesInUse(this.sql)) {
      const bounds = await readBounds(this.sql, family);
      if (STORED_INTERVALS.some((interval) => isAhead(interval, bounds))) await this.refreshAll(family, bounds);
    }
  }

  /** Materialises what is new in each level whose time has come; the settings say how often. */
  async refreshDue(settings: ReadonlyMap<string, string>): Promise<void> {
    const due = STORED_INTERVALS.filter((interval) => {
      const everyMs = Number(settings.get(`refresh_${interval}_interval_s`)) * 1000;
      return performance.now() - (this.refreshedAtMs.get(interval) ?? Number.NEGATIVE_INFINITY) >= everyMs;
    });
    if (due.length === 0) return;
    const [prices, quotes] = await familiesInUse(this.sql);
    await this.materialiseNew(prices, due, await readBounds(this.sql, prices));
    if (quotes !== undefined) await this.materialiseQuotes(quotes, due);
    for (const interval of due) this.refreshedAtMs.set(interval, performance.now());
  }

  private async materialiseQuotes(quotes: BarFamily, intervals: readonly StoredInterval[]): Promise<void> {
    for (const interval of intervals) {
      const pricesToUs = await pricesStoredTo(this.sql, interval);
      const bounds = await readBounds(this.sql, quotes);
      await this.materialiseNew(quotes, [interval], bounds);
      if (pricesToUs > (refreshRange(interval, everything(bounds), bounds)?.toUs ?? 0)) continue;
      await this.onceFree(() => takeQuotesAlong(this.sql, interval, pricesToUs), this.unlock);
    }
  }

  private async materialiseNew(
    family: BarFamily,
    intervals: readonly StoredInterval[],
    bounds: RefreshBounds,
  ): Promise<void> {
    const { toUs } = everything(bounds);
    for (const interval of intervals) {
      const range = { fromUs: bounds.materialisedToUs[interval], toUs };
      await this.refreshLevel({ family, interval }, range, bounds);
    }
  }

  /** Refreshes all levels over all that is whole. */
  async refreshEverything(): Promise<void> {
    for (const family of await familiesInUse(this.sql)) {
      await this.refreshAll(family, await readBounds(this.sql, family));
    }
  }

  private async refreshAll(family: BarFamily, bounds: RefreshBounds): Promise<void> {
    for (const interval of STORED_INTERVALS) await this.refreshLevel({ family, interval }, everything(bounds), bounds);
  }

  /**
   * Each level of a range of history before the next one, which is made of it. What TimescaleDB noted as changed in days stays
   * noted, though they are right.
   *
   * @param families all that are in use, when none are named
   * @returns ticks from where on were refreshed, and what the slowest family took
   */
  async refreshHistory(range: TimeRange, families?: readonly BarFamily[]): Promise<Refreshed & { slowestMs: number }> {
    let wholeFromUs = Number.NEGATIVE_INFINITY;
    let slowestMs = 0;
    for (const family of quotesFirst(families ?? (await familiesInUse(this.sql)))) {
      const startedMs = performance.now();
      const bounds = await readBounds(this.sql, family);
      await whileUnsettled(this.sql, range, bounds.dayBoundary, async () => {
        await this.refreshLevel({ family, interval: "minute" }, range, bounds);
        await this.refreshLevel({ family, interval: "hour" }, range, bounds);
        await this.onceFree(() => recomputeDays(this.sql, family, range));
      });
      wholeFromUs = Math.max(wholeFromUs, bounds.wholeFromUs);
      slowestMs = Math.max(slowestMs, performance.now() - startedMs);
    }
    return { wholeFromUs, slowestMs };
  }

  /** Refreshes all days, as one range: TimescaleDB plans each that it noted as changed by itself. */
  async refreshDays(): Promise<void> {
    for (const family of await familiesInUse(this.sql)) {
      const bounds = await readBounds(this.sql, family);
      const days = refreshRange("day", everything(bounds), bounds);
      if (days !== undefined) await this.call({ family, interval: "day" }, days, true);
    }
  }

  /** Makes single bars of all families anew, see {@link recomputeBars}. */
  async recompute(ranges: readonly SymbolRange[]): Promise<Refreshed> {
    const wanted: RangesOfFamily[] = [];
    for (const family of await familiesInUse(this.sql)) {
      const own = await rangesOfFamily(this.sql, family, ranges);
      if (own.length > 0) wanted.push({ family, ranges: own });
    }
    for (const each of wanted.toReversed()) await this.materialiseBelow(each);
    return this.onceFree(() => recomputeBars(this.sql, wanted));
  }

  private async materialiseBelow({ family, ranges }: RangesOfFamily): Promise<void> {
    const bounds = await readBounds(this.sql, family);
    if (!ranges.some((range) => isMadeOfLess(range, bounds))) return;
    await this.materialiseNew(family, STORED_INTERVALS, bounds);
  }

  private async refreshLevel(level: Level, range: TimeRange, bounds: RefreshBounds): Promise<void> {
    if (level.interval === "day") {
      for (const { recompute, ...days } of dayRefreshes(range, bounds)) await this.call(level, days, recompute);
      return;
    }
    const buckets = refreshRange(level.interval, range, bounds);
    if (buckets !== undefined) await this.call(level, buckets, false);
  }

  /** @param recompute every bucket, and not only those that have changed */
  private async call({ family, interval }: Level, range: TimeRange, recompute: boolean): Promise<void> {
    await this.onceFree(
      () => this.sql`
        call refresh_bars(${interval}, ${range.fromUs}::timestamptz, ${range.toUs}::timestamptz, ${recompute}, ${family.name})`,
      this.unlock,
    );
  }

  /** A procedure's own lock outlives its failure. */
  private readonly unlock = () => this.sql`select pg_advisory_unlock_shared(${REFRESH_LOCK})`;

  /** As long as this process leads. */
  private onceFree<T>(work: () => PromiseLike<T>, afterFailure?: () => PromiseLike<unknown>): Promise<T> {
    const before = () => this.leadership.assertHeld();
    return onceFree(work, afterFailure === undefined ? { before } : { before, afterFailure });
  }
}

/** Ticks before an instant may be gone, and their minutes were left as they are. */
type Refreshed = Pick<RefreshBounds, "wholeFromUs">;

/** One level of one family of bars. */
interface Level {
  readonly family: BarFamily;
  readonly interval: StoredInterval;
}

/** The database's clock bounds it, which may be ahead of this one. */
function everything({ nowUs }: RefreshBounds): TimeRange {
  return { fromUs: 0, toUs: nowUs + US_PER_DAY };
}

/** Sides of a bar that is not there yet are not looked for, while a bar that counts a quote before its sides are there has none. */
function quotesFirst(families: readonly BarFamily[]): readonly BarFamily[] {
  return families.toReversed();
}
