import type { Queries } from "@fx-ohlc/database";
import { type Micros, US_PER_DAY, US_PER_MINUTE } from "@fx-ohlc/schemas";
import { malformed, Problem } from "@fx-ohlc/service-kit";
import type { Reader } from "../reader.js";

/** A moment is asked of no sooner: by then whoever had begun to write before it is through, but for some. */
const AGE_MIN_US = US_PER_MINUTE;
/** What is not late is of a minute that ended at most five minutes before its transaction began. */
const YOUNG_US = 6 * US_PER_MINUTE;
/** The most that MAX_CLOCK_SKEW_S can be: no tick is stored before that is left until its time. */
const AHEAD_MAX_US = US_PER_DAY;
const RETRY_AFTER_S = 5;

/** A moment of the past that an answer is as of. */
export interface Moment {
  /** As it was asked for: what is now for the answer. */
  readonly us: Micros;
  /** What was recorded later was not known; what was recorded before the history is kept always was. */
  readonly knownUs: Micros;
  /** Ticks from here on may have been stored after the moment though they were not late. */
  readonly youngFromUs: Micros;
  /** No tick from here on was known. */
  readonly nothingFromUs: Micros;
}

/** What a database has said of its past, and what it will not take back. */
interface Settled {
  /** Since when it is kept what was known. */
  readonly knownSinceUs: Micros;
  /** Every transaction that began before it has ended. */
  readonly settledUs: Micros;
}

/**
 * Who may not see when another role's transaction began takes it for one that was always there, if it has written. So is one
 * that is prepared. (Vacuums are nobody's, and write no ticks.)
 */
const SETTLED = `
  select (select value::bigint from settings where key = 'known_since') as "knownSinceUs",
         least(clock_timestamp(),
               (select min(coalesce(xact_start, '1970-01-01 00:00:00+00'))
                  from pg_stat_activity activity
                 where datname = current_database() and pid <> pg_backend_pid() and usesysid is not null
                   and (backend_xid is not null
                        or (state is null and exists (select from pg_locks
                                                       where pg_locks.pid = activity.pid and locktype = 'transactionid' and granted)))),
               (select timestamptz '1970-01-01 00:00:00+00'
                  from pg_prepared_xacts where database = current_database() limit 1)) as "settledUs"`;

async function readSettled(sql: Queries): Promise<Settled> {
  const [row] = await sql.unsafe<Settled[]>(SETTLED, [], { prepare: true });
  if (row === undefined) throw new Error("a select without from gave no row");
  return row;
}

/** What is known of each database that is read from. */
const SETTLED_OF = new WeakMap<object, Settled>();

/**
 * The moment that `as_of` names. From then on what is answered as of it never changes: every transaction that may have been
 * recorded before it is through.
 *
 * @param reader of the primary
 * @throws Problem 400 when it is too young, 503 while somebody writes since before it
 */
export async function momentOf(reader: Reader, us: Micros): Promise<Moment> {
  if (us > reader.nowUs() - AGE_MIN_US) {
    throw malformed([{ field: "as_of", message: `must be at least ${AGE_MIN_US / 1_000_000} s ago` }]);
  }
  const { source } = reader;
  const knownFrom = ({ knownSinceUs }: Settled) => Math.max(us, knownSinceUs);
  let settled = SETTLED_OF.get(source);
  if (settled === undefined || knownFrom(settled) >= settled.settledUs) {
    settled = await reader.read(readSettled);
    SETTLED_OF.set(source, settled);
  }
  const knownUs = knownFrom(settled);
  if (knownUs >= settled.settledUs) {
    const detail = "Some transaction that began before as_of is still writing.";
    throw new Problem("unavailable", detail, { retryAfterS: RETRY_AFTER_S });
  }
  return { us, knownUs, youngFromUs: knownUs - YOUNG_US, nothingFromUs: knownUs + AHEAD_MAX_US + 1 };
}
