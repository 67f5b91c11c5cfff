import { type Database, readCommitRules } from "@fx-ohlc/database";
import { type Logger, type RedisStore, repeat } from "@fx-ohlc/service-kit";
import type { CommitLedger } from "../write/commit-ledger.js";
import type { Publisher } from "./publisher.js";

export interface LostCommitsOptions {
  readonly database: Database;
  readonly ledger: CommitLedger;
  readonly publisher: Publisher;
  readonly redis: RedisStore;
  readonly logger: Logger;
}

const SWEEP_INTERVAL_MS = 2000;
/** What a process that is killed has told of, and is declared all the same, is of so long. */
const DELETE_INTERVAL_MS = 250;

/** Sees to it that every commit is told of: takes over what is overdue, see {@link CommitLedger}, and declares it lost. */
export class LostCommits {
  private stops: readonly (() => Promise<void>)[] = [];

  constructor(private readonly options: LostCommitsOptions) {}

  start(): void {
    const failed = (error: unknown) => void this.options.logger.warn("sweep for lost commits failed", { error });
    this.stops = [
      repeat(SWEEP_INTERVAL_MS, () => this.sweep().catch(failed)),
      repeat(DELETE_INTERVAL_MS, () => this.deleteTold().catch(failed)),
    ];
  }

  /** Deletes the rows of what was told. */
  async stop(): Promise<void> {
    await Promise.all(this.stops.map((stop) => stop()));
    const { logger } = this.options;
    const kept = (error: unknown) => void logger.warn("published commits stay in the ledger", { error });
    await this.deleteTold().catch(kept);
  }

  private async deleteTold(): Promise<void> {
    const { database, ledger } = this.options;
    if (database.available) await ledger.deleteTold(database.sql);
  }

  private async sweep(): Promise<void> {
    const { database, publisher, redis } = this.options;
    publisher.giveUpOld();
    if (database.available && redis.isReady) await this.takeOverdue();
  }

  private async takeOverdue(): Promise<void> {
    const { database, ledger, publisher, logger } = this.options;
    const taken = await database.sql.begin(async (transaction) => {
      const overdue = await ledger.takeOverdue(transaction);
      if (overdue !== undefined) database.assertIdentity((await readCommitRules(transaction)).identity);
      return overdue;
    });
    if (taken === undefined) return;
    publisher.publishRanges("lost", taken.ranges, taken.commit);
    logger.warn("commits were not told of in time: their ranges are declared lost", { ranges: taken.ranges.length });
  }
}
