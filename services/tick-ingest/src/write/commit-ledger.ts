import { randomBytes } from "node:crypto";
import type { Sql, Transaction } from "@fx-ohlc/database";
import type { StampRange } from "./stored-ranges.js";

/**
 * This process's record, in the database, of what it committed and has not yet published: one row a commit, written in the
 * commit's own transaction and deleted by a later one. A row that outlives the process tells its successor which ranges
 * nobody was told of.
 */
export class CommitLedger {
  /** Names this process among all that ever ran. */
  readonly ingestId = randomBytes(8).toString("hex");
  private last = 0;
  private readonly open = new Set<number>();
  private published: number[] = [];
  private readonly deleting = new Set<number>();

  /**
   * Runs a transaction that may take a batch number with {@link record}. When it fails, or nobody knows, its batch is not
   * accounted for any more: if its row turns up, the sweep declares it lost.
   */
  async transaction<T>(sql: Sql, work: (transaction: Transaction, batch: Batch) => Promise<T>): Promise<T> {
    const batch = new Batch(() => this.nextBatch());
    try {
      return (await sql.begin((transaction) => work(transaction, batch))) as T; // postgres.js unwraps arrays in its type.
    } catch (error) {
      if (batch.number !== undefined) this.open.delete(batch.number);
      throw error;
    }
  }

  /**
   * Writes a commit's row, and deletes those that were published meanwhile.
   *
   * @returns the commit's number
   */
  record(transaction: Transaction, batch: Batch, ranges: readonly StampRange[]): Promise<number> {
    const number = batch.take();
    return this.deletePublished(async (published) => {
      await transaction`
        with published as (
          delete from unpublished_commits where ingest_id = ${this.ingestId} and batch = any(${published}::bigint[])
        )
        insert into unpublished_commits (ingest_id, batch, symbols, from_time, to_time)
        values (${this.ingestId}, ${number}, ${ranges.map((range) => range.symbol)}::text[],
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

  /** Everything of this commit is on Redis. */
  markPublished(batch: number): void {
    this.open.delete(batch);
    this.published.push(batch);
  }

  /** The newest number taken. */
  get newestBatch(): number {
    return this.last;
  }

  /** Commits on their way to the database or to Redis, and those whose rows only wait to be deleted. */
  get accountedFor(): ReadonlySet<number> {
    return new Set([...this.open, ...this.published, ...this.deleting]);
  }

  private nextBatch(): number {
    this.last += 1;
    this.open.add(this.last);
    return this.last;
  }
}

/** The number a transaction takes once it has something to record. */
export class Batch {
  number: number | undefined;

  constructor(private readonly next: () => number) {}

  take(): number {
    this.number ??= this.next();
    return this.number;
  }
}
