import { type Micros, nowUs, US_PER_DAY, US_PER_MINUTE } from "@fx-ohlc/schemas";
import type { Database } from "./database.js";
import type { DatabaseSettings } from "./settings.js";
import type { Sql } from "./sql.js";

/** Rows one transaction deletes: some 20 ms, so that no writer waits longer. */
const ROWS_PER_BATCH = 5000;

/**
 * The instant before which ticks are neither kept nor accepted, a whole minute; undefined when they are kept for ever.
 */
export function retentionHorizon(settings: DatabaseSettings, atUs: Micros): Micros | undefined {
  if (settings.retentionDays === 0) return undefined;
  return Math.ceil((atUs - settings.retentionDays * US_PER_DAY) / US_PER_MINUTE) * US_PER_MINUTE;
}

async function symbolsOf(sql: Sql): Promise<string[]> {
  const rows = await sql<{ symbol: string }[]>`select distinct symbol from ohlc_day where bucket >= '1970-01-01'`;
  return rows.map((row) => row.symbol);
}

async function deleteBatch(sql: Sql, symbol: string, horizonUs: Micros): Promise<number> {
  return sql.begin(async (transaction) => {
    await transaction`set local fx.keep_bars = 'on'`;
    const { count } = await transaction`
      delete from ticks
       where symbol = ${symbol} and time < ${horizonUs}
         and (time, seq) in (select time, seq from ticks where symbol = ${symbol} and time < ${horizonUs}
                              order by time, seq limit ${ROWS_PER_BATCH})`;
    return count;
  });
}

/**
 * Deletes the raw ticks before the horizon, in batches, and leaves their bars alone. Only plain PostgreSQL needs it:
 * TimescaleDB drops whole chunks by a policy of its own.
 *
 * @param isStopped asked before each batch
 * @returns the number of ticks deleted
 */
export async function deleteExpiredTicks(
  sql: Sql,
  settings: DatabaseSettings,
  atUs: Micros,
  isStopped: () => boolean = () => false,
): Promise<number> {
  const horizonUs = retentionHorizon(settings, atUs);
  if (horizonUs === undefined || settings.engine === "timescaledb") return 0;
  let deleted = 0;
  for (const symbol of await symbolsOf(sql)) {
    for (let count = ROWS_PER_BATCH; count === ROWS_PER_BATCH && !isStopped(); ) {
      count = await deleteBatch(sql, symbol, horizonUs);
      deleted += count;
    }
  }
  return deleted;
}

/** Once an hour: raw ticks live a little longer than the horizon, which alone decides what is accepted. */
const SWEEP_INTERVAL_MS = 3_600_000;

/** Deletes expired ticks as long as it runs. Several processes may do so at once: each deletes what it finds. */
export class RetentionSweep {
  private timer: NodeJS.Timeout | undefined;
  private sweeping: Promise<unknown> = Promise.resolve();
  private stopped = false;

  constructor(
    private readonly database: Database,
    private readonly onError: (error: unknown) => void,
  ) {}

  start(): void {
    this.sweeping = this.sweep()
      .catch(this.onError)
      .finally(() => {
        if (!this.stopped) this.timer = setTimeout(() => this.start(), SWEEP_INTERVAL_MS).unref();
      });
  }

  /** Ends after the batch under way. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.sweeping;
  }

  private async sweep(): Promise<void> {
    if (this.database.available)
      await deleteExpiredTicks(this.database.sql, this.database.settings, nowUs(), () => this.stopped);
  }
}
