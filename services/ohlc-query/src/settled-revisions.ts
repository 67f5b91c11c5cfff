import { setTimeout as delay } from "node:timers/promises";
import type { Queries } from "@fx-ohlc/database";
import { type Micros, US_PER_MINUTE } from "@fx-ohlc/schemas";
import { Problem } from "@fx-ohlc/service-kit";
import type { Reader } from "./reader.js";
import type { Revision } from "./revisions.js";

/**
 * A transaction that waits for a lock may not have written yet, and writes as of its beginning; one that has not written for a minute
 * is somebody's who reads. This service's own sessions write nothing, and maintenance no revisions.
 */
const BEFORE_WRITING_MAX_US = US_PER_MINUTE;
/** Commits take milliseconds: who has corrected something sees it at once, whatever is stored at the same time. */
const LOOK_AGAIN_MS = 25;
const LOOKS_MAX = 20;
const RETRY_AFTER_S = 5;

/**
 * Every transaction that began before it and may note a revision has ended. Who may not see when another role's transaction began
 * takes it for one that was always there. So is one that is prepared.
 */
const SETTLED = `
  select least(clock_timestamp(),
               (select min(coalesce(xact_start, '1970-01-01 00:00:00+00'))
                  from pg_stat_activity activity
                 where datname = current_database() and pid <> pg_backend_pid() and coalesce(backend_type, 'client backend') = 'client backend'
                   and application_name <> all (array[current_setting('application_name'), 'fx maintenance'])
                   and (backend_xid is not null
                        or xact_start > clock_timestamp() - make_interval(secs => ${BEFORE_WRITING_MAX_US / 1_000_000})
                        or (state is null and exists (select from pg_locks
                                                       where pg_locks.pid = activity.pid and locktype = 'transactionid' and granted)))),
               (select timestamptz '1970-01-01 00:00:00+00'
                  from pg_prepared_xacts where database = current_database() limit 1)) as "settledUs"`;

async function readSettled(sql: Queries): Promise<Micros> {
  const [row] = await sql.unsafe<{ settledUs: Micros }[]>(SETTLED, [], { prepare: true });
  return row?.settledUs ?? 0;
}

/**
 * Revisions have the moment at which their transaction began, and are seen when it ends: one of a longer transaction comes between
 * those that were read already. So what began after a transaction that still goes on is not told before that has ended; for it the
 * reader waits a moment, and reads again.
 *
 * @param read in the order of `at`
 * @throws Problem 503 while somebody writes of whom nobody may see since when
 */
export async function settledRevisions(
  reader: Reader,
  read: () => Promise<readonly Revision[]>,
): Promise<readonly Revision[]> {
  for (let look = 1; ; look += 1) {
    // Before the revisions: what began in between and is seen among them already is left out as well.
    const settledUs = await reader.read(readSettled);
    const revisions = await read();
    const isAll = (revisions.at(-1)?.atUs ?? Number.NEGATIVE_INFINITY) < settledUs;
    if (isAll) return revisions;
    if (look === LOOKS_MAX) return requireKnown(settledUs, revisions);
    await delay(LOOK_AGAIN_MS);
  }
}

function requireKnown(settledUs: Micros, revisions: readonly Revision[]): readonly Revision[] {
  if (settledUs > 0) return revisions.filter(({ atUs }) => atUs < settledUs);
  const detail = "Some transaction of another role, or a prepared one, is still writing.";
  throw new Problem("unavailable", detail, { retryAfterS: RETRY_AFTER_S });
}
