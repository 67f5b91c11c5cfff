import { emptyDatabase, eventually } from "@fx-ohlc/embedded";
import { type Micros, nowUs, type Tick, US_PER_DAY, US_PER_MINUTE } from "@fx-ohlc/schemas";
import type { ClosingPace } from "../src/bar-mark.js";
import { readCommitRules } from "../src/commit-rules.js";
import { MaintenanceWorker } from "../src/maintenance-worker.js";
import { type MigrateOptions, migrate } from "../src/migrate.js";
import { queueRefresh } from "../src/refresh-queue.js";
import { type RetentionMark, readMark } from "../src/retention-mark.js";
import { type Engine, readSettings } from "../src/settings.js";
import { openPool, type Sql } from "../src/sql.js";
import { hearSymbols } from "../src/symbols.js";

/** Every bar of every level, in order. */
export interface StoredBar {
  readonly level: string;
  readonly symbol: string;
  readonly bucket: Micros;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly tick_count: number;
}

/** A database with what looks after it, and a clock that a test can move. */
export class Keeper {
  readonly notices: string[] = [];
  private worker: MaintenanceWorker | undefined;
  private shiftUs: Micros = 0;

  private constructor(
    readonly url: string,
    readonly sql: Sql,
    readonly engine: Engine,
    private readonly drop: () => Promise<void>,
  ) {}

  static async open(settings: Omit<MigrateOptions, "url" | "engine"> = {}): Promise<Keeper> {
    const database = await emptyDatabase();
    await migrate({ compressionAfterDays: 0, chunkDays: 1, ...settings, engine: "auto", url: database.url });
    return Keeper.on(database);
  }

  /** A database that is migrated already. */
  static async on(database: { url: string; drop(): Promise<void> }): Promise<Keeper> {
    const sql = openPool({ url: database.url, applicationName: "test", connectionsMax: 2, statementTimeoutMs: 0 });
    const { engine } = await readSettings(sql);
    return new Keeper(database.url, sql, engine, () => database.drop());
  }

  get onTimescaleDb(): boolean {
    return this.engine === "timescaledb";
  }

  /** The clock of both machines. */
  get nowUs(): Micros {
    return nowUs() + this.shiftUs;
  }

  migrate(settings: Omit<MigrateOptions, "url" | "engine">): Promise<Engine> {
    return migrate({ ...settings, engine: "auto", url: this.url });
  }

  /** Moves the database's clock, and this machine's with it unless it is said to stay. */
  async moveClock(byUs: Micros, ownStays = false): Promise<void> {
    const by = `interval '${byUs / US_PER_MINUTE} minutes'`;
    await this.sql.unsafe(`
      create or replace function fx_now()   returns timestamptz language sql stable   parallel safe return now() + ${by};
      create or replace function fx_clock() returns timestamptz language sql volatile parallel safe return clock_timestamp() + ${by}`);
    if (!ownStays) this.shiftUs = byUs;
  }

  startWorker(closing?: ClosingPace): void {
    this.worker = new MaintenanceWorker({
      url: this.url,
      ...(closing === undefined ? {} : { closing }),
      onError: () => undefined,
      notice: (message) => this.notices.push(message),
      ownClock: () => this.nowUs,
    });
    this.worker.start();
  }

  async stopWorker(): Promise<void> {
    await this.worker?.stop();
    this.worker = undefined;
  }

  /** Stores ticks as tick-ingest does. Those that are late are in the bars once the queue is empty. */
  async store(ticks: readonly Omit<Tick, "seq">[]): Promise<void> {
    await this.sql.begin(async (transaction) => {
      const { lateBeforeUs } = await readCommitRules(transaction);
      const side = (name: "bid" | "ask") => ticks.map(({ [name]: price = Number.NaN }) => price);
      await transaction`
        insert into ticks (symbol, time, seq, price, bid, ask)
        select symbol, time, 0, price, nullif(bid, 'NaN'), nullif(ask, 'NaN')
          from unnest(${ticks.map(({ symbol }) => symbol)}::text[], ${ticks.map(({ timeUs }) => timeUs)}::timestamptz[],
                      ${ticks.map(({ price }) => price)}::float8[], ${side("bid")}::float8[], ${side("ask")}::float8[])
               as new_ticks(symbol, time, price, bid, ask)`;
      const quoted = [...new Set(ticks.filter(({ bid }) => bid !== undefined).map(({ symbol }) => symbol))];
      if (quoted.length > 0) await hearSymbols(transaction, quoted, quoted);
      const windows = ticks
        .filter(({ timeUs }) => timeUs < lateBeforeUs)
        .map(({ symbol, timeUs }) => ({ symbol, fromUs: timeUs, toUs: timeUs + 1, reason: "late" as const }));
      await queueRefresh(transaction, this.engine, windows);
    });
  }

  async bars(): Promise<StoredBar[]> {
    const all = await this.sql<StoredBar[]>`
      select 'minute' as level, symbol, bucket, open, high, low, close, tick_count
        from ohlc_minute where bucket between '1969-12-30 00:00:00+00' and '2200-01-01 00:00:00+00'
      union all
      select 'hour', symbol, bucket, open, high, low, close, tick_count
        from ohlc_hour where bucket between '1969-12-30 00:00:00+00' and '2200-01-01 00:00:00+00'
      union all
      select 'day', symbol, bucket, open, high, low, close, tick_count
        from ohlc_day where bucket between '1969-12-30 00:00:00+00' and '2200-01-01 00:00:00+00'
       order by level, symbol, bucket`;
    return [...all];
  }

  mark(): Promise<RetentionMark> {
    return readMark(this.sql);
  }

  /** The oldest tick that is stored at all; undefined when none is. */
  async oldestTick(): Promise<Micros | undefined> {
    const [row] = await this.sql<{ time: Micros | null }[]>`select min(time) as time from ticks`;
    return row?.time ?? undefined;
  }

  /** Resolves when no window waits. */
  async refreshed(): Promise<void> {
    if (!this.onTimescaleDb) return;
    await eventually(async () => (await this.sql`select 1 from refresh_queue limit 1`).length === 0, {
      what: "the bars to be refreshed",
    });
  }

  /** Resolves when ticks before the day that is `days` before now are gone. */
  async dropped(days: number): Promise<void> {
    const expectedUs = Math.floor(this.nowUs / US_PER_DAY - days) * US_PER_DAY;
    const isDropped = async () => {
      const { droppedBeforeUs, wholeFromUs } = await this.mark();
      const oldest = (await this.oldestTick()) ?? expectedUs;
      return droppedBeforeUs === expectedUs && wholeFromUs === expectedUs && oldest >= expectedUs;
    };
    await eventually(isDropped, { what: "expired ticks to be dropped" });
  }

  async close(): Promise<void> {
    await this.stopWorker();
    await this.sql.end({ timeout: 2 });
    await this.drop();
  }
}

/** One tick each `everyUs` of two symbols, in the days from `fromDays` to `toDays` before now. */
export function history(nowUs: Micros, fromDays: number, toDays: number, everyUs: Micros): Omit<Tick, "seq">[] {
  const ticks: Omit<Tick, "seq">[] = [];
  const endUs = nowUs - toDays * US_PER_DAY;
  for (let timeUs = nowUs - fromDays * US_PER_DAY; timeUs < endUs; timeUs += everyUs) {
    const price = 1 + (Math.floor(timeUs / everyUs) % 97) / 100;
    ticks.push(
      { symbol: "EURUSD", timeUs, price },
      { symbol: "USDJPY", timeUs: timeUs + 7_000_000, price: price * 100 },
    );
  }
  return ticks;
}

/** The same ticks as quotes. */
export function asQuotes(ticks: readonly Omit<Tick, "seq">[]): Omit<Tick, "seq">[] {
  return ticks.map((tick) => ({ ...tick, bid: tick.price - 0.25, ask: tick.price + 0.25 }));
}
