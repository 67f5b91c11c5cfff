import { type Database, inSession } from "@fx-ohlc/database";
import type { Micros } from "@fx-ohlc/schemas";

/** What was noted; `at` in microseconds. */
export interface AuditRow {
  readonly id: number;
  readonly at: Micros;
  readonly by: string;
  readonly action: string;
  readonly target: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Entries forgotten at once: a moment's work. */
const FORGOTTEN_MAX = 5000;

/** Who did what. */
export class AuditLog {
  constructor(private readonly database: Database) {}

  /**
   * The newest entries first.
   *
   * @param before only those noted before this one
   */
  async list(limit: number, before: number): Promise<readonly AuditRow[]> {
    return inSession(
      this.database.sql,
      (sql) => sql<AuditRow[]>`
        select id, at, actor as by, action, target, details from audit where id < ${before} order by id desc limit ${limit}`,
    );
  }

  /** Forgets some of what is older than it has to be kept. */
  async forget(days: number): Promise<void> {
    await inSession(
      this.database.sql,
      (sql) => sql`
        delete from audit where id in (
          select id from audit where at < fx_now() - make_interval(days => ${days}) order by at limit ${FORGOTTEN_MAX})`,
    );
  }
}
