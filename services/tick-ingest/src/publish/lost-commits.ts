import { DatabaseUnavailableError, openSession, type ServerState, type Sql } from "@fx-ohlc/database";
import { type Micros, US_PER_HOUR } from "@fx-ohlc/schemas";
import type { Logger, RedisStore } from "@fx-ohlc/service-kit";
import type { CommitLedger } from "../write/commit-ledger.js";
import type { StampRange } from "../write/stored-ranges.js";
import { type Deployment, lastToldCommit } from "./publish-script.js";
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
  /** Told what the connection leads to, at its start and at every sweep; what it throws ends it. */
  readonly recognise?: (state: ServerState) => void;
  readonly ledger: CommitLedger;
  readonly publisher: Publisher;
  readonly redis: RedisStore;
  /** For whom is published; undefined until the database has been reached. */
  deployment(): Deployment | undefined;
  readonly logger: Logger;
}

/** First key of the two-part advisory locks that say a process lives; the second is a hash of its ingest id. */
const LIFE_LOCK = 5_064_223;
/** A commit that a dying process left in the server may appear after its successor's first look. */
const SWEEP_INTERVAL_MS = 2000;
const STATEMENT_TIMEOUT_MS = 10_000;

/**
 * Declares lost what was committed and never published: by processes that died, whose life lock nobody holds, and by
 * transactions of this one that failed as far as it knows and were committed all the same.
 *
 * The ledger says what was committed, and with each process's last call Redis remembers up to where everything was told: what
 * lies behind is published as a revision over the range, and the ledger rows are deleted. A process commits nothing before it
 * holds its life lock.
 */
export class LostCommits {
  private session: Sql | undefined;
  /** What the session leads to. */
  private state: ServerState | undefined;
  private timer: NodeJS.Timeout | undefined;
  private sweeping: Promise<void> = Promise.resolve();
  private lockedBackend: number | undefined;
  private stopped = false;

  constructor(private readonly options: LostCommitsOptions) {}

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
    if (this.session === undefined) return;
    await this.deletePublished().catch((error: unknown) => this.warn("published commits stay in the ledger", error));
    await this.endSession(2);
  }

  /** There is one while a sweep runs. */
  private get sql(): Sql {
    if (this.session === undefined) throw new DatabaseUnavailableError();
    return this.session;
  }

  private async openSession(): Promise<void> {
    const { url, recognise } = this.options;
    await this.recogniseAgain();
    this.session ??= await openSession(
      { url, applicationName: "fx lost commits", statementTimeoutMs: STATEMENT_TIMEOUT_MS },
      (state) => {
        this.state = state;
        recognise?.(state);
      },
    );
  }

  /** The database may be another one by now, while this session still leads to the old one. */
  private async recogniseAgain(): Promise<void> {
    if (this.session === undefined || this.state === undefined) return;
    try {
      this.options.recognise?.(this.state);
    } catch (error) {
      await this.endSession(0);
      throw error;
    }
  }

  private async endSession(timeoutS: number): Promise<void> {
    const { session } = this;
    this.session = undefined;
    await session?.end({ timeout: timeoutS });
  }

  private warn(message: string, error: unknown): void {
    this.options.logger.warn(message, { error });
  }

  private async sweep(): Promise<void> {
    await this.openSession();
    await this.showLife();
    await this.joinGivenUp();
    await this.deletePublished();
    if (!this.options.redis.isReady || this.options.deployment() === undefined) return;
    await this.sweepOwn();
    const others = await this.sql<{ ingest_id: string }[]>`
      select distinct ingest_id from unpublished_commits where ingest_id <> ${this.options.ledger.ingestId}`;
    for (const { ingest_id } of others) await this.sweepIfDead(ingest_id);
  }

  /** The lock belongs to the session: a new session has to take it again. */
  private async showLife(): Promise<void> {
    let backend = await this.backend();
    if (backend === this.lockedBackend) return;
    if (this.lockedBackend !== undefined) {
      // A connection in place of one that was lost may lead elsewhere: it is looked at like the first.
      this.lockedBackend = undefined;
      await this.endSession(0);
      await this.openSession();
      backend = await this.backend();
    }
    await this.sql`select pg_advisory_lock(${LIFE_LOCK}, hashtext(${this.options.ledger.ingestId}))`;
    this.lockedBackend = backend;
    this.options.ledger.showAlive();
  }

  private async backend(): Promise<number | undefined> {
    const [row] = await this.sql<{ backend: number }[]>`select pg_backend_pid() as backend`;
    return row?.backend;
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
    const { newestBatch, accountedFor, inDoubt } = ledger;
    const rows = await this.rowsOf(ledger.ingestId);
    await this.adoptLost(rows.filter((row) => row.batch <= newestBatch && !accountedFor.has(row.batch)));
    ledger.forget(inDoubt);
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

  /**
   * Makes one commit of this process out of lost ones, in the ledger first, so that their ranges are declared even if it dies
   * as well. Rows of one process.
   */
  private async adoptLost(rows: readonly LedgerRow[]): Promise<void> {
    const ingestId = rows[0]?.ingest_id;
    if (ingestId === undefined) return;
    const ranges = joined(await this.unpublished(rows));
    const batches = [...new Set(rows.map((row) => row.batch))];
    const { ledger, publisher, logger } = this.options;
    const batch = await ledger.transaction(this.sql, async (transaction, own) => {
      await transaction`
        delete from unpublished_commits where ingest_id = ${ingestId} and batch = any(${batches}::bigint[])`;
      return ranges.length > 0 ? ledger.record(transaction, own, ranges) : undefined;
    });
    if (batch === undefined) return;
    publisher.publishRevisions(
      ranges.map((range) => ({ ...range, reason: "lost" })),
      batch,
    );
    logger.warn("commits were not published", { ingest_id: ingestId, symbols: ranges.map((range) => range.symbol) });
  }

  private async unpublished(rows: readonly LedgerRow[]): Promise<LedgerRow[]> {
    const toldUpTo = new Map<string, number | undefined>();
    const deployment = this.options.deployment();
    // What cannot be looked up is declared: that says too much, not too little.
    if (deployment === undefined) return [...rows];
    for (const { ingest_id, symbol } of rows) {
      if (toldUpTo.has(symbol)) continue;
      toldUpTo.set(symbol, await lastToldCommit(this.options.redis, deployment, ingest_id, symbol));
    }
    return rows.filter(({ batch, symbol }) => batch > (toldUpTo.get(symbol) ?? 0));
  }

  /** While Redis is away for long, one commit stands in for all that a full buffer has given up. */
  private async joinGivenUp(): Promise<void> {
    const { ledger, publisher } = this.options;
    for (const given of publisher.givenUp) {
      const { fromUs, toUs } = given.range;
      const range = { symbol: given.symbol, fromUs, toUs };
      const batch = await ledger.transaction(this.sql, (transaction, own) => ledger.record(transaction, own, [range]));
      publisher.standIn(given, batch);
    }
  }
}

/** Further apart, two lost ranges of a symbol are told of separately: whoever reads them again reads nothing in between. */
const JOINED_GAP_US = US_PER_HOUR;

function joined(rows: readonly LedgerRow[]): StampRange[] {
  const ranges: StampRange[] = [];
  const inOrder = [...rows].sort((a, b) =>
    a.symbol === b.symbol ? a.from_time - b.from_time : a.symbol < b.symbol ? -1 : 1,
  );
  for (const { symbol, from_time: fromUs, to_time: toUs } of inOrder) {
    const last = ranges.at(-1);
    const joins = last !== undefined && last.symbol === symbol && fromUs - last.toUs <= JOINED_GAP_US;
    if (joins) ranges[ranges.length - 1] = { ...last, toUs: Math.max(last.toUs, toUs) };
    else ranges.push({ symbol, fromUs, toUs });
  }
  return ranges;
}
