import { randomBytes } from "node:crypto";
import { DatabaseUnavailableError, type Sql, type Transaction } from "@fx-ohlc/database";
import type { StampRange } from "./stored-ranges.js";
import { UntoldCommits } from "./untold-commits.js";

const NOT_KNOWN_ALIVE = "this process has not told the database yet that it lives (over DATABASE_DIRECT_URL)";

/**
 * This process's record, in the database, of what it committed and has not yet published: one row a commit, written in the
 * commit's own transaction and deleted by a later one. A row that outlives the process tells its successor which ranges
 * nobody was told of.
 */
export class CommitLedger {
  /** Names this process among all that ever ran. */
  readonly ingestId = randomBytes(8).toString("hex");
  private last = 0;
  private alive = false;
  private readonly untold = new UntoldCommits();
  /** Commits that failed as far as this process knows. */
  private readonly doubtful = new Set<number>();
  private published: number[] = [];
  private readonly deleting = new Set<number>();

  /** The database has been told that this process lives: from now on nobody takes its rows for those of a dead one. */
  showAlive(): void {
    this.alive = true;
  }

  /** @throws DatabaseUnavailableError before {@link showAlive} */
  assertAlive(): void {
    if (!this.alive) throw new DatabaseUnavailableError(NOT_KNOWN_ALIVE);
  }

  /**
   * Runs a transaction that may take a batch number with {@link record}. When it fails, or nobody knows, its batch is not
   * accounted for any more: if its row turns up, the sweep declares it lost.
   *
   * @throws DatabaseUnavailableError before {@link showAlive}, and whatever PostgreSQL answers
   */
  async transaction<T>(sql: Sql, work: (transaction: Transaction, batch: Batch) => Promise<T>): Promise<T> {
    this.assertAlive();
    const batch = new Batch((symbols) => this.nextBatch(symbols));
    try {
      return (await sql.begin((transaction) => work(transaction, batch))) as T; // postgres.js unwraps arrays in its type.
    } catch (error) {
      if (batch.number !== undefined) this.doubtful.add(batch.number);
      throw error;
    }
  }

  /**
   * Writes a commit's row, and deletes those that were published meanwhile.
   *
   * @returns the commit's number
   */
  record(transaction: Transaction, batch: Batch, ranges: readonly StampRange[]): Promise<number> {
    const symbols = ranges.map((range) => range.symbol);
    const number = batch.take(symbols);
    return this.deletePublished(async (published) => {
      await transaction`
        with published as (
          delete from unpublished_commits where ingest_id = ${this.ingestId} and batch = any(${published}::bigint[])
        )
        insert into unpublished_commits (ingest_id, batch, symbols, from_time, to_time)
        values (${this.ingestId}, ${number}, ${symbols}::text[],
                ${ranges.map((range) => range.fromUs)}::timestamptz[], ${ranges.map((range) => range.toUs)}::timestamptz[])`;
      return number;
    });
  }

  /** Hands out the published commits to delete their rows; they stay accounted for until that is done. */
  async deletePublished<T>(remove: (published: number[]) => Promise<T>): Promise<T> {
    const published = this.published;
    this.published = [];
    for (const batch of published) this.deleting.add(batch);
    try {
      return await remove(published);
    } catch (error) {
      this.published.push(...published);
      throw error;
    } finally {
      for (const batch of published) this.deleting.delete(batch);
    }
  }

  /** Everything of this commit that concerns a symbol is on Redis. */
  markTold(batch: number, symbol: string): void {
    if (this.untold.tell(batch, symbol)) this.published.push(batch);
  }

  /**
   * Up to which commit a symbol's readers have been told of every one, once they are told of those in `finishing`. Commits are
   * not always told of in their order: a correction waits for its bars while newer ticks go out.
   */
  toldUpTo(symbol: string, finishing: readonly number[]): number {
    // A set: a revision can stand for thousands of commits.
    const oldest = this.untold.oldest(symbol, new Set(finishing));
    return oldest === undefined ? this.last : oldest - 1;
  }

  /** The newest number taken. */
  get newestBatch(): number {
    return this.last;
  }

  /** Commits on their way to the database or to Redis, and those whose rows only wait to be deleted. */
  get accountedFor(): ReadonlySet<number> {
    const open = [...this.untold.batches].filter((batch) => !this.doubtful.has(batch));
    return new Set([...open, ...this.published, ...this.deleting]);
  }

  /** Commits that may turn out to have happened. Until somebody has looked, they count as untold. */
  get inDoubt(): readonly number[] {
    return [...this.doubtful];
  }

  /** Somebody has looked, and taken over what there was. */
  forget(batches: readonly number[]): void {
    for (const batch of batches) {
      this.doubtful.delete(batch);
      this.untold.forget(batch);
    }
  }

  private nextBatch(symbols: readonly string[]): number {
    this.last += 1;
    this.untold.add(this.last, symbols);
    return this.last;
  }
}

/** The number a transaction takes once it has something to record. */
export class Batch {
  number: number | undefined;

  constructor(private readonly next: (symbols: readonly string[]) => number) {}

  take(symbols: readonly string[]): number {
    this.number ??= this.next(symbols);
    return this.number;
  }
}
