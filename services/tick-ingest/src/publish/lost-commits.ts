import { openPool, type Sql, type Transaction } from "@fx-ohlc/database";
import type { Micros } from "@fx-ohlc/schemas";
import type { Logger, RedisLink } from "@fx-ohlc/service-kit";
import type { CommitLedger } from "../write/commit-ledger.js";
import { lastPublishedCall } from "./publish-script.js";
import type { Publisher } from "./publisher.js";

interface LedgerRow {
  readonly ingest_id: string;
  readonly batch: number;
  readonly symbol: string;
  readonly from_time: Micros;
  readonly to_time: Micros;
}

export interface LostCommitsOptions {
  /** A direct connection: session locks do not survive a pooler in transaction mode. */
  readonly url: string;
  readonly ledger: CommitLedger;
  readonly publisher: Publisher;
  readonly redis: RedisLink;
  readonly logger: Logger;
}

/** First key of the two-part advisory locks that say a process lives; the second is a hash of its ingest id. */
const LIFE_LOCK = 5_064_223;
/** A commit that a dying process left in the server may appear after its successor's first look. */
const SWEEP_INTERVAL_MS = 2000;

/**
 * Declares lost what was committed and never published: by processes that died, whose life lock nobody holds, and by
 * transactions of this one that failed as far as it knows and were committed all the same.
 *
 * The ledger says what was committed, Redis remembers each process's last call: what lies between is published as a
 * revision over the range, and the ledger rows are deleted.
 */
export class LostCommits {
  private readonly sql: Sql;
  private timer: NodeJS.Timeout | undefined;
  private sweeping: Promise<void> = Promise.resolve();
  private lockedBackend: number | undefined;
  private stopped = false;

  constructor(private readonly options: LostCommitsOptions) {
    this.sql = openPool({
      url: options.url,
      applicationName: "fx lost commits",
      connectionsMax: 1,
      statementTimeoutMs: 10_000,
    });
  }

  start(): void {
    const next = () => {
      this.sweeping = this.sweep()
        .catch((error: unknown) => this.warn("sweep for lost commits failed", error))
        .finally(() => {
          if (!this.stopped) this.timer = setTimeout(next, SWEEP_INTERVAL_MS);
        });
    };
    next();
  }

  /** Deletes the rows that are known to be published and gives up the life lock. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.sweeping;
    await this.deletePublished().catch((error: unknown) => this.warn("published commits stay in the ledger", error));
    await this.sql.end({ timeout: 2 });
  }

  private warn(message: string, error: unknown): void {
    this.options.logger.warn(message, { error });
  }

  private async sweep(): Promise<void> {
    await this.showLife();
    await this.deletePublished();
    if (!this.options.redis.isReady) return;
    await this.sweepOwn();
    const others = await this.sql<{ ingest_id: string }[]>`
      select distinct ingest_id from unpublished_commits where ingest_id <> ${this.options.ledger.ingestId}`;
    for (const { ingest_id } of others) await this.sweepIfDead(ingest_id);
  }

  /** The lock belongs to the session: a new session has to take it again. */
  private async showLife(): Promise<void> {
    const [row] = await this.sql<{ backend: number }[]>`select pg_backend_pid() as backend`;
    if (row?.backend === this.lockedBackend) return;
    await this.sql`select pg_advisory_lock(${LIFE_LOCK}, hashtext(${this.options.ledger.ingestId}))`;
    this.lockedBackend = row?.backend;
  }

  private async deletePublished(): Promise<void> {
    const { ledger } = this.options;
    await ledger.deletePublished(async (published) => {
      if (published.length === 0) return;
      await this
        .sql`delete from unpublished_commits where ingest_id = ${ledger.ingestId} and batch = any(${published}::bigint[])`;
    });
  }

  private async sweepOwn(): Promise<void> {
    const { ledger } = this.options;
    // Read before the rows: a commit that begins meanwhile has a newer number, one that ends meanwhile is accounted for.
    const { newestBatch, accountedFor } = ledger;
    const rows = await this.rowsOf(ledger.ingestId);
    await this.adoptLost(rows.filter((row) => row.batch <= newestBatch && !accountedFor.has(row.batch)));
  }

  private async sweepIfDead(ingestId: string): Promise<void> {
    const [row] = await this.sql<
      { dead: boolean }[]
    >`select pg_try_advisory_lock(${LIFE_LOCK}, hashtext(${ingestId})) as dead`;
    if (row?.dead !== true) return;
    try {
      await this.adoptLost(await this.rowsOf(ingestId));
    } finally {
      await this.sql`select pg_advisory_unlock(${LIFE_LOCK}, hashtext(${ingestId}))`;
    }
  }

  private rowsOf(ingestId: string): Promise<LedgerRow[]> {
    return this.sql<LedgerRow[]>`
      select ingest_id, batch, changed.symbol, changed.from_time, changed.to_time
        from unpublished_commits commits,
             unnest(commits.symbols, commits.from_time, commits.to_time) as changed(symbol, from_time, to_time)
       where ingest_id = ${ingestId}
       order by batch`;
  }

  /** Makes lost commits commits of this process, in the ledger first, so that they are declared even if it dies as well. */
  private async adoptLost(rows: readonly LedgerRow[]): Promise<void> {
    for (const row of rows) {
      const lost = !(await this.isPublished(row));
      const range = { symbol: row.symbol, fromUs: row.from_time, toUs: row.to_time };
      const batch = await this.options.ledger.transaction(this.sql, async (transaction, own) => {
        await this.forget(transaction, row);
        return lost ? this.options.ledger.record(transaction, own, [range]) : undefined;
      });
      if (batch === undefined) continue;
      this.options.publisher.publishRevision(row.symbol, range, "lost", batch);
      this.options.logger.warn("a commit was not published", {
        ingest_id: row.ingest_id,
        batch: row.batch,
        symbol: row.symbol,
      });
    }
  }

  private async isPublished({ ingest_id, batch, symbol }: LedgerRow): Promise<boolean> {
    const last = await lastPublishedCall(this.options.redis.client, ingest_id, symbol);
    return last !== undefined && (batch < last.batch || (batch === last.batch && last.completes));
  }

  /** Takes one symbol out of a commit's row, and the row away with the last one. */
  private async forget(transaction: Transaction, { ingest_id, batch, symbol }: LedgerRow): Promise<void> {
    await transaction`
      update unpublished_commits
         set from_time = from_time[:at - 1] || from_time[at + 1:],
             to_time   = to_time[:at - 1] || to_time[at + 1:],
             symbols   = array_remove(symbols, ${symbol})
        from (select array_position(symbols, ${symbol}) as at
                from unpublished_commits where ingest_id = ${ingest_id} and batch = ${batch}) place
       where ingest_id = ${ingest_id} and batch = ${batch}`;
    await transaction`
      delete from unpublished_commits where ingest_id = ${ingest_id} and batch = ${batch} and cardinality(symbols) = 0`;
  }
}
