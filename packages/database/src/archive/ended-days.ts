import { type Micros, US_PER_DAY } from "@fx-ohlc/schemas";
import { dateOf } from "../changed-days.js";
import type { Leadership } from "../leadership.js";
import { OldTransactions } from "../old-transactions.js";
import type { Engine } from "../settings.js";
import type { Sql } from "../sql.js";

/** Days that one statement looks for in the bars: some tens of thousands of symbol-days. */
const LISTED_DAYS = 366;

interface EndedState {
  readonly nowUs: Micros;
  readonly endedBeforeUs: Micros;
  readonly listedBeforeUs: Micros;
  readonly droppedBeforeUs: Micros;
}

/**
 * Gives each day of ticks that has ended a version, in steps that can be interrupted anywhere:
 *
 * - *ahead*: the mark `ended_before` is later than the clock says: it is put back.
 * - *ended*: the mark `ended_before` moves. From now on whoever changes a tick before it draws that day's version.
 * - *waiting*: until every transaction that was under way when it moved has ended, for it may not have seen that.
 * - *listed*: each day that has ticks, also behind the retention mark, gets a version where it has none. What bars have not been
 *   refreshed for is in the queue.
 */
export class EndedDays {
  private awaited: { readonly endedBeforeUs: Micros; readonly transactions: OldTransactions } | undefined;

  constructor(
    private readonly leadership: Leadership,
    private readonly sql: Sql,
    private readonly endedUs: Micros,
  ) {}

  /** Goes as far as is possible without waiting. */
  async step(engine: Engine): Promise<void> {
    const state = await this.read();
    const endedBeforeUs = Math.floor((state.nowUs - this.endedUs) / US_PER_DAY) * US_PER_DAY;
    // Clocks that differ by less than the time after a day's end do no harm.
    const isAhead = state.endedBeforeUs > state.nowUs;
    if (isAhead) await this.moveBack(endedBeforeUs);
    else if (endedBeforeUs > state.endedBeforeUs) await this.move(endedBeforeUs);
    else if (state.endedBeforeUs > state.listedBeforeUs) await this.follow(engine, state);
  }

  private async read(): Promise<EndedState> {
    const [row] = await this.sql<EndedState[]>`
      select fx_clock() as "nowUs", ended_before as "endedBeforeUs", listed_before as "listedBeforeUs",
             dropped_before as "droppedBeforeUs"
        from archive_state, retention_mark`;
    if (row === undefined) throw new Error("the database has no state of its archive");
    return row;
  }

  private async move(endedBeforeUs: Micros): Promise<void> {
    await this.leadership.transaction(
      (transaction) =>
        transaction`update archive_state set ended_before = ${endedBeforeUs} where ended_before < ${endedBeforeUs}`,
    );
    this.awaited = { endedBeforeUs, transactions: await OldTransactions.find(this.sql) };
  }

  /**
   * The clock was ahead, and days count as ended whose ticks come still, for which nobody draws. They are as if they had never been
   * looked at: each is archived once it has ended, also where that was done too early.
   */
  private async moveBack(endedBeforeUs: Micros): Promise<void> {
    await this.leadership.transaction(async (transaction) => {
      await transaction`
        update archive_state set ended_before = ${endedBeforeUs}, listed_before = least(listed_before, ${endedBeforeUs})`;
      await transaction`
        delete from archive_versions known
         where date >= ${dateOf(endedBeforeUs)}::text::date
           and not exists (select from archive_days day
                            where day.symbol = known.symbol and day.date = known.date and dropped_at is not null)`;
      // Else what was done then would count as done until the clock is there again.
      await transaction`
        update archive_days set written_at = least(written_at, fx_clock()), verified_at = least(verified_at, fx_clock())
         where written_at > fx_clock() or verified_at > fx_clock()`;
      await transaction`update archive_versions set drawn_at = fx_clock() where drawn_at > fx_clock()`;
    });
    this.awaited = undefined;
  }

  private async follow(engine: Engine, state: EndedState): Promise<void> {
    const { endedBeforeUs } = state;
    if (this.awaited?.endedBeforeUs !== endedBeforeUs) {
      this.awaited = { endedBeforeUs, transactions: await OldTransactions.find(this.sql) };
    }
    if (!(await this.awaited.transactions.areOver())) return;
    const firstUs = await this.firstDay(state);
    for (let fromUs = firstUs; fromUs < endedBeforeUs; ) {
      const toUs = Math.min(fromUs + LISTED_DAYS * US_PER_DAY, endedBeforeUs);
      await this.list(engine, fromUs, toUs);
      fromUs = toUs;
    }
    await this.leadership.transaction(
      (transaction) => transaction`
        update archive_state set listed_before = ${endedBeforeUs} where ended_before = ${endedBeforeUs}`,
    );
  }

  /** Of ticks that were dropped before anything was archived there are only bars; those that were about to be are there still. */
  private async firstDay(state: EndedState): Promise<Micros> {
    const { listedBeforeUs, droppedBeforeUs, endedBeforeUs } = state;
    if (droppedBeforeUs > listedBeforeUs) {
      const leftUs = await this.firstLeft(state);
      return Math.floor(leftUs / US_PER_DAY) * US_PER_DAY;
    }
    if (listedBeforeUs > 0) return listedBeforeUs;
    const [row] = await this.sql<{ bucket: Micros | null }[]>`
      select least(
               (select min(bucket) from ohlc_day where bucket >= '1969-12-30 00:00:00+00' and bucket < ${endedBeforeUs}),
               (select min(time) from ticks)) as bucket`;
    return Math.max(0, Math.floor((row?.bucket ?? endedBeforeUs) / US_PER_DAY) * US_PER_DAY);
  }

  /** The first tick that nobody has listed, behind the mark or there. */
  private async firstLeft({ listedBeforeUs, droppedBeforeUs }: EndedState): Promise<Micros> {
    const [row] = await this.sql<{ time: Micros | null }[]>`
      select min(left_over.time) as time
        from (select distinct symbol from ohlc_day where bucket >= '1969-12-30 00:00:00+00') known
       cross join lateral (select min(time) as time from ticks
                            where symbol = known.symbol and time >= ${listedBeforeUs} and time < ${droppedBeforeUs}) left_over`;
    return row?.time ?? droppedBeforeUs;
  }

  private async list(engine: Engine, fromUs: Micros, toUs: Micros): Promise<void> {
    const queued =
      engine === "postgres"
        ? ""
        : `union
           select symbol, generate_series(date_trunc('day', greatest(from_time, $1::timestamptz) at time zone 'UTC'),
                                          (least(to_time, $2::timestamptz) - interval '1 microsecond') at time zone 'UTC',
                                          interval '1 day')::date
             from refresh_queue where from_time < $2::timestamptz and to_time > $1::timestamptz`;
    await this.leadership.transaction((transaction) =>
      transaction.unsafe(
        `insert into archive_versions (symbol, date, version, drawn_at)
         select symbol, date, new_version(), fx_now()
           from (select distinct symbol, (bucket at time zone 'UTC')::date as date from ohlc_hour
                  where bucket >= $1::timestamptz and bucket < $2::timestamptz
                    and (bucket >= (select dropped_before from retention_mark)
                         or exists (select from ticks
                                     where ticks.symbol = ohlc_hour.symbol and time >= bucket and time < bucket + interval '1 hour'))
                 ${queued}) days
             on conflict (symbol, date) do nothing`,
        [fromUs, toUs],
      ),
    );
  }
}
