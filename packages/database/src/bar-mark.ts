import {
  bucketStart,
  type DayBoundary,
  type Micros,
  SHORT_NAMES,
  STORED_INTERVALS,
  type StoredInterval,
  US_PER_MINUTE,
} from "@fx-ohlc/schemas";
import { BAR_RELATIONS } from "./bar-families.js";
import type { Notice } from "./chunk-watch.js";
import { LATE_AFTER_US } from "./commit-rules.js";
import type { Leadership } from "./leadership.js";
import { type Engine, readSettings } from "./settings.js";
import type { Queries, Sql, Transaction } from "./sql.js";

/** An instant for each level of stored bars. */
type LevelEnds = Readonly<Record<StoredInterval, Micros>>;

/** When bars are closed. */
export interface ClosingPace {
  /** Between two closings, ms. */
  readonly everyMs: number;
  /** A bar is closed when its bucket has ended for so long, by the database's clock. */
  readonly afterUs: Micros;
}

/** Ticks of a closed bar are late. Each closing costs a new mark, and what is not closed yet is read from the database. */
const PACE: ClosingPace = { everyMs: 60_000, afterUs: LATE_AFTER_US + US_PER_MINUTE };

/** What a look at the mark has found. */
interface MarkState {
  readonly nowUs: Micros;
  /** What starts before it draws a version when it changes. */
  readonly closing: LevelEnds;
  /** What starts before it is closed for readers, too. */
  readonly closed: LevelEnds;
  /** How far bars of all families in use are materialised; undefined on plain PostgreSQL. */
  readonly materialised: LevelEnds | undefined;
  /** Somebody has dropped a chunk of stored bars, or emptied one. */
  readonly isChunkGone: boolean;
}

/**
 * Closes bars: from then on nothing changes them without a new version (the triggers of migration 011).
 *
 * States: closed -> *closing* (writers draw versions of more bars from now on) -> closed, when every transaction has ended that may
 * have begun to write without knowing that. Then readers are given a new mark. A leader that takes over waits anew.
 *
 * Where what was closed is shown otherwise all at once, because a watermark was set back or a chunk of bars dropped by hand, or where a
 * clock was ahead and is not any more, another history begins: all marks go, and readers drop what they keep.
 */
export class BarMark {
  private dayBoundary: DayBoundary | undefined;
  private closedAtMs = Number.NEGATIVE_INFINITY;
  /** Transactions with a smaller id may not know what is being closed. */
  private barrier: string | undefined;

  constructor(
    private readonly leadership: Pick<Leadership, "transaction">,
    private readonly sql: Sql,
    private readonly notice: Notice,
    private readonly pace = PACE,
  ) {}

  /**
   * Goes as far as is possible without waiting.
   *
   * @returns whether all that is being closed is closed
   */
  async step(engine: Engine): Promise<boolean> {
    const state = await this.read(engine);
    if (isAnotherHistory(state)) {
      await this.beginAnotherHistory(await this.goal(state));
      return false;
    }
    if (STORED_INTERVALS.some((interval) => state.closed[interval] < state.closing[interval])) return this.follow();
    if (performance.now() - this.closedAtMs < this.pace.everyMs) return true;
    await this.close(engine, state);
    return false;
  }

  private async read(engine: Engine): Promise<MarkState> {
    const [row] = await this.sql<{ at: Micros[]; isChunkGone: boolean }[]>`
      select array[fx_clock(), closing_minute, closing_hour, closing_day, minute_to, hour_to, day_to] as at,
             not bar_chunks <@ ${chunksNow(this.sql, engine)} as "isChunkGone"
        from bar_mark`;
    if (row === undefined) throw new Error("the database has no mark of closed bars");
    const [nowUs = 0, ...ends] = row.at;
    const materialised = engine === "postgres" ? undefined : await this.readMaterialised();
    const closed = levelEnds(ends.slice(STORED_INTERVALS.length));
    return { nowUs, closing: levelEnds(ends), closed, materialised, isChunkGone: row.isChunkGone };
  }

  private async readMaterialised(): Promise<LevelEnds> {
    const [row] = await this.sql<LevelEnds[]>`
      select closable_to('minute') as minute, closable_to('hour') as hour, closable_to('day') as day`;
    if (row === undefined) throw new Error("a select without from gave no row");
    return row;
  }

  /** How far each level can be closed now. On TimescaleDB ticks of what is not materialised change bars without any trigger. */
  private async goal({ nowUs, materialised }: MarkState): Promise<LevelEnds> {
    this.dayBoundary ??= (await readSettings(this.sql)).dayBoundary;
    const boundary = this.dayBoundary;
    const end = (interval: StoredInterval) =>
      Math.min(
        bucketStart(nowUs - this.pace.afterUs, SHORT_NAMES[interval], boundary),
        materialised?.[interval] ?? Number.POSITIVE_INFINITY,
      );
    return { minute: end("minute"), hour: end("hour"), day: end("day") };
  }

  /** The barrier is an id that is given out after all this is committed. */
  private async close(engine: Engine, state: MarkState): Promise<void> {
    const { minute, hour, day } = await this.goal(state);
    this.closedAtMs = performance.now();
    this.barrier = undefined;
    await this.leadership.transaction(
      (transaction) => transaction`
        update bar_mark
           set closing_minute = greatest(closing_minute, ${minute}::timestamptz),
               closing_hour   = greatest(closing_hour, ${hour}::timestamptz),
               closing_day    = greatest(closing_day, ${day}::timestamptz),
               bar_chunks     = ${chunksNow(transaction, engine)}`,
    );
  }

  private async follow(): Promise<boolean> {
    this.barrier ??= await this.nextTransactionId();
    const { barrier } = this;
    return this.leadership.transaction(async (transaction) => {
      if (await areOthersOpen(transaction, barrier)) return false;
      await transaction`
        with moved as (
          update bar_mark
             set mark = new_version(), minute_to = closing_minute, hour_to = closing_hour, day_to = closing_day
          returning mark
        )
        insert into bar_marks (mark, made_at) select mark, fx_clock() from moved`;
      await removeOldMarks(transaction);
      return true;
    });
  }

  private async nextTransactionId(): Promise<string> {
    const [row] = await this.sql<{ id: string }[]>`select pg_current_xact_id()::text as id`;
    return row?.id ?? "0";
  }

  private async beginAnotherHistory({ minute, hour, day }: LevelEnds): Promise<void> {
    await this.leadership.transaction(
      (transaction) => transaction`
        select begin_another_history(${minute}::timestamptz, ${hour}::timestamptz, ${day}::timestamptz)`,
    );
    this.closedAtMs = Number.NEGATIVE_INFINITY;
    this.notice("bars that were closed may have changed: all of them are read anew", {});
  }
}

/**
 * The files that chunks of stored bars lie in: no trigger tells of a chunk that is dropped, nor of one that is truncated by itself,
 * which gives it another file. So does what only moves bars, as VACUUM FULL: then they are read anew once for nothing, as when a leader
 * of an older build takes over, which notes the chunks' ids here.
 */
function chunksNow(sql: Queries, engine: Engine) {
  if (engine === "postgres") return sql`'{}'::integer[]`;
  return sql`
    array(select pg_relation_filenode(stored.oid)::bigint::bit(32)::integer
            from _timescaledb_catalog.continuous_agg bars
            join _timescaledb_catalog.chunk on chunk.hypertable_id = bars.mat_hypertable_id
            join pg_namespace space on space.nspname = chunk.schema_name
            join pg_class stored on stored.relnamespace = space.oid and stored.relname = chunk.table_name
           where bars.user_view_schema = current_schema()
             and bars.user_view_name = any(${[...BAR_RELATIONS]}::text[]))`;
}

/** Kept however old they are: what a standby that is long behind may know. */
const MARKS_MIN = 100;

/** Whether a transaction of before `barrier` has not ended, other than of another database. */
async function areOthersOpen(transaction: Transaction, barrier: string): Promise<boolean> {
  const open = await transaction`
    select 1 from pg_snapshot_xip(pg_current_snapshot()) as id
     where id < ${barrier}::text::xid8
       and not exists (select 1 from pg_locks join pg_stat_activity activity using (pid)
                        where locktype = 'transactionid' and mode = 'ExclusiveLock' and transactionid = id::xid
                          and activity.datname <> current_database())
     limit 1`;
  return open.length > 0;
}

function removeOldMarks(transaction: Transaction): Promise<unknown> {
  return transaction`
    delete from bar_marks
     where made_at < fx_clock() - interval '3 days'
       and mark not in (select mark from bar_marks order by made_at desc limit ${MARKS_MIN}::int)`.execute();
}

function levelEnds([minute = 0, hour = 0, day = 0]: readonly Micros[]): LevelEnds {
  return { minute, hour, day };
}

function isAnotherHistory({ nowUs, closing, materialised, isChunkGone }: MarkState): boolean {
  if (isChunkGone) return true;
  return STORED_INTERVALS.some(
    (interval) => closing[interval] > Math.min(nowUs, materialised?.[interval] ?? Number.POSITIVE_INFINITY),
  );
}
