import { type Micros, type TimeRange, US_PER_DAY } from "@fx-ohlc/schemas";
import { dateOf, type SymbolDay } from "./changed-days.js";
import type { Notice } from "./chunk-watch.js";
import type { Leadership } from "./leadership.js";
import type { Queries, Sql, Transaction } from "./sql.js";

/** Nothing is dropped when the archiver has not found its dataset for so long: it looks every ten seconds. */
const CONFIRMED_WITHIN = "10 minutes";
/** What does not agree with the archive is not counted again for so long: a week of thirty symbols takes seconds. */
const COUNT_AGAIN_MS = 20_000;
/** The archiver reads a file back once more within the last day before its ticks go. */
const PROVED_WITHIN = "2 days";

/**
 * What the archive lets go of: days whose rows, counted where they are, are those of its entries, and whose entries are of the
 * version that the day has.
 */
export class ArchivedDrops {
  private blockedUntilMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly leadership: Leadership,
    private readonly sql: Sql,
    private readonly notice: Notice,
  ) {}

  /** Everything before this instant is in the archive; the start of time while nobody knows whether the archive is there. */
  async archivedBefore(): Promise<Micros> {
    const [row] = await this.sql<{ us: Micros }[]>`
      select least(listed_before,
                   (select min(date) from archive_versions
                     where version is distinct from archived
                       and date >= (dropped_before at time zone 'UTC')::date)::timestamp at time zone 'UTC') as us
        from archive_state, retention_mark
       where refused_because is null and confirmed_at > fx_clock() - ${CONFIRMED_WITHIN}::interval`;
    return row?.us ?? 0;
  }

  /** Whether the archive is there, and nothing was found lately that it does not hold. */
  async isOpen(): Promise<boolean> {
    return performance.now() > this.blockedUntilMs && (await this.isConfirmed());
  }

  /** Whether the archive holds every tick of some whole days. What it does not is archived anew. */
  async holds(range: TimeRange, symbol?: string): Promise<boolean> {
    if (!(await this.isOpen()) || (await this.isWaiting(range, symbol)) || !(await this.isProved(range))) return false;
    const wrong = await this.compare(range, symbol);
    if (wrong.length === 0) return true;
    const [{ symbol: of, date } = { symbol: "", date: "" }] = wrong;
    this.notice("ticks are kept: they are not those that were archived, and are archived anew", {
      ...{ symbol: of, date, days: wrong.length },
    });
    await this.leadership.transaction((transaction) => archiveAnew(transaction, wrong));
    this.blockedUntilMs = performance.now() + COUNT_AGAIN_MS;
    return false;
  }

  private async isConfirmed(): Promise<boolean> {
    const confirmed = await this.sql`
      select 1 from archive_state
       where refused_because is null and confirmed_at > fx_clock() - ${CONFIRMED_WITHIN}::interval`;
    return confirmed.length > 0;
  }

  private async isProved({ fromUs, toUs }: TimeRange): Promise<boolean> {
    const unproved = await this.sql`
      select 1 from archive_days
       where date >= ${dateOf(fromUs)}::text::date and date < ${dateOf(toUs)}::text::date and dropped_at is null
         and verified_at < fx_clock() - ${PROVED_WITHIN}::interval limit 1`;
    return unproved.length === 0;
  }

  /** Whether an entry is not marked: one whose file turned out to be damaged is so no more. */
  async isUnmarked({ fromUs, toUs }: TimeRange): Promise<boolean> {
    const unmarked = await this.sql`
      select 1 from archive_days
       where date >= ${dateOf(fromUs)}::text::date and date < ${dateOf(toUs)}::text::date and dropped_at is null limit 1`;
    return unmarked.length > 0;
  }

  private isWaiting(range: TimeRange, symbol?: string): Promise<boolean> {
    return isAnyWaiting(this.sql, range, symbol);
  }

  private compare({ fromUs, toUs }: TimeRange, symbol: string | undefined): Promise<SymbolDay[]> {
    const ofSymbol = symbol === undefined ? "" : "and symbol = $3::text";
    return this.sql.unsafe<SymbolDay[]>(
      `with stored as (
         select symbol, (time at time zone 'UTC')::date as date, count(*) as ticks
           from ticks where time >= $1::timestamptz and time < $2::timestamptz ${ofSymbol}
          group by 1, 2
       ), entered as (
         select symbol, date, ticks, dropped_at from archive_days
          where date >= ($1::timestamptz at time zone 'UTC')::date and date < ($2::timestamptz at time zone 'UTC')::date
            ${ofSymbol}
       )
       select symbol, date::text as date
         from stored full join entered using (symbol, date)
        where entered.ticks is null
           or coalesce(stored.ticks, 0) <> entered.ticks and (stored.ticks is not null or entered.dropped_at is null)
        order by date, symbol`,
      [fromUs, toUs, ...(symbol === undefined ? [] : [symbol])],
    );
  }
}

async function isAnyWaiting(sql: Queries, { fromUs, toUs }: TimeRange, symbol?: string): Promise<boolean> {
  const waiting = await sql`
    select 1 from archive_versions
     where version is distinct from archived
       and date >= ${dateOf(fromUs)}::text::date and date < ${dateOf(toUs)}::text::date
       and (${symbol ?? null}::text is null or symbol = ${symbol ?? null}::text) limit 1`;
  return waiting.length > 0;
}

async function archiveAnew(transaction: Transaction, days: readonly SymbolDay[]): Promise<void> {
  await transaction`
    insert into archive_versions (symbol, date, version, drawn_at)
    select symbol, date, new_version(), '-infinity'
      from unnest(${days.map(({ symbol }) => symbol)}::text[], ${days.map(({ date }) => date)}::text[]::date[])
           as wrong(symbol, date)
        on conflict (symbol, date) do update set version = excluded.version, drawn_at = excluded.drawn_at`;
}

/**
 * Marks entries of some whole days as all there is of their ticks, in the transaction that drops them, behind the locks that keep
 * others from changing them.
 *
 * @throws DropRefusedError when something has changed since they were compared
 */
export async function enterDropped(transaction: Transaction, range: TimeRange): Promise<void> {
  if (await isAnyWaiting(transaction, range)) throw new DropRefusedError();
  await markHeld(transaction, range);
}

/**
 * The same where the archive was given up: only days that it holds as they were count as in it, should it come back. Of the others
 * nothing is archived any more: a file of no ticks would take the place of the last there is.
 *
 * @param symbol undefined: all
 */
export async function enterGivenUp(transaction: Transaction, range: TimeRange, symbol?: string): Promise<void> {
  await markHeld(transaction, range, symbol);
  await transaction`
    delete from archive_versions known
     where date >= ${dateOf(range.fromUs)}::text::date and date < ${dateOf(range.toUs)}::text::date
       and (${symbol ?? null}::text is null or symbol = ${symbol ?? null}::text)
       and not exists (select 1 from archive_days day
                        where day.symbol = known.symbol and day.date = known.date and day.dropped_at is not null)`;
}

/** Marks what the archive holds as it is. A file that was found damaged since is not: its day waits to be archived anew. */
function markHeld(
  transaction: Transaction,
  { fromUs, toUs }: TimeRange,
  symbol?: string,
): PromiseLike<{ count: number }> {
  return transaction`
    update archive_days day set dropped_at = fx_clock()
     where date >= ${dateOf(fromUs)}::text::date and date < ${dateOf(toUs)}::text::date and dropped_at is null
       and (${symbol ?? null}::text is null or symbol = ${symbol ?? null}::text)
       and exists (select 1 from archive_versions known
                    where known.symbol = day.symbol and known.date = day.date
                      and known.version = day.ticks_version and known.archived = day.ticks_version)`;
}

/** The same of one day of one symbol. @returns whether it was marked */
export async function enterDroppedDay(transaction: Transaction, range: TimeRange, symbol: string): Promise<boolean> {
  const { count } = await markHeld(transaction, range, symbol);
  return count > 0;
}

/** Ticks changed while they were about to be dropped. They are not. */
export class DropRefusedError extends Error {
  override readonly name = "DropRefusedError";
}

/** The UTC days of a range, which begins and ends with one. */
export function wholeDays({ fromUs, toUs }: TimeRange): TimeRange {
  return { fromUs: Math.floor(fromUs / US_PER_DAY) * US_PER_DAY, toUs: Math.ceil(toUs / US_PER_DAY) * US_PER_DAY };
}
