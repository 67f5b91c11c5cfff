import type { Micros } from "@fx-ohlc/schemas";
import type { Sql } from "./sql.js";

/**
 * The transactions that were under way at some moment. As `create index concurrently` waits: for those that are running now, not for
 * those that begin later. A reader is not waited for: whoever reads a mark to write by it has a transaction id from the same
 * statement on.
 */
export class OldTransactions {
  private constructor(
    private readonly sql: Sql,
    private readonly ids: ReadonlySet<string>,
    private readonly sinceUs: Micros,
  ) {}

  /** Those of now. */
  static async find(sql: Sql): Promise<OldTransactions> {
    const [clock] = await sql<{ now: Micros }[]>`select clock_timestamp() as now`;
    const sinceUs = clock?.now ?? 0;
    return new OldTransactions(sql, new Set(await running(sql, sinceUs)), sinceUs);
  }

  /** Whether all of them have ended. */
  async areOver(): Promise<boolean> {
    return !(await running(this.sql, this.sinceUs)).some((id) => this.ids.has(id));
  }
}

/** Those that may write by what they read before `sinceUs`, by the server's real clock; by their virtual ids. */
async function running(sql: Sql, sinceUs: Micros): Promise<string[]> {
  const rows = await sql<{ id: string }[]>`
    select locks.virtualtransaction as id
      from pg_locks locks
      join pg_stat_activity activity using (pid)
     where locks.locktype = 'virtualxid' and locks.granted
       and locks.pid <> pg_backend_pid() and activity.datname = current_database()
       and activity.backend_type in ('client backend', 'background worker')
       and (activity.backend_xid is not null or activity.state is null
            or (activity.state = 'active' and activity.query_start <= ${sinceUs}))
    union all
    select gid from pg_prepared_xacts where database = current_database()`;
  return rows.map(({ id }) => id);
}
