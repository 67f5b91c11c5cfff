import { randomBytes } from "node:crypto";
import { inSession, SCHEMA_VERSION, type Sql, type Transaction } from "@fx-ohlc/database";
import type { SymbolRange } from "@fx-ohlc/schemas";

/**
 * Readers are told of a commit so soon, or told that its range changed, ms. Longer than Redis is away when it is restarted or
 * fails over, for then they are told of each tick; and no longer, for so late they hear of what a dead process has left.
 */
export const TELL_WITHIN_MS = 15_000;

/** What the database did this process hears of so soon, ms, unless it stands still meanwhile. */
const HEARD_WITHIN_MS = 1000;

/** Rows that are taken over at once, so that a statement ends in time after an outage of hours. */
const TAKEN_MAX = 100_000;
/** Further apart, two ranges of a symbol are told of separately: whoever reads them again reads nothing in between. */
const JOINED_GAP = "1 hour";
/** The first version's key of the locks that say a process of it lives; the second one is a hash of its name. */
const FIRST_VERSION_LIFE_LOCK = 5_064_223;

/** A commit whose row waits in the ledger until the readers of all its symbols are told of it. */
export interface UntoldCommit {
  /** Among those of its process. */
  readonly number: number;
  /** By this process's monotonic clock, ms: from then on anybody may take the row over, and this process tells nothing of it. */
  readonly tellByMs: number;
  /** Symbols whose readers are not told yet; without end once a part of it was let go of. */
  untoldSymbols: number;
}

/** What a row is known by. */
export interface LedgerRow {
  readonly ingestId: string;
  readonly number: number;
}

/** Whether it is too late to tell of some commits, of which the first is the oldest. */
export function isOverdue({ commits }: { readonly commits: readonly UntoldCommit[] }, nowMs: number): boolean {
  return (commits[0]?.tellByMs ?? 0) <= nowMs;
}

/**
 * What was committed and is not told of yet, by any process: one row a commit in `untold_commits`. A row is, in turn,
 *
 * - *written*, in the commit's own transaction. If that does not happen, neither does the row; where nobody knows whether it
 *   did, nobody tells of it, and it is overdue in time if it is there.
 * - *with its writer*, for {@link TELL_WITHIN_MS}. The writer publishes its messages, and once those of all its symbols are on
 *   Redis it deletes the row soon after. It need not succeed: messages that find the buffer full, or have waited for too long, are
 *   let go of, and the row stays.
 * - *overdue*, when it is older than that by the database's clock, or as far ahead of it: a clock that jumps must not hide it.
 *   Nobody asks whether its writer lives, nor how much of it was told.
 * - *taken over* ({@link takeOverdue}) by the first process that finds it while Redis can be reached. Rows that somebody else is
 *   taking are passed over. In one transaction all that are overdue are deleted and one row of their ranges is written, which is
 *   with its writer from now on and is told of as a revision; if that one dies as well, or cannot, it is overdue again.
 *
 * So a commit's row goes only when everything of it was told, or in favour of a row that has its range: nothing stays untold.
 * And ticks are told twice by nobody: only the process that committed them ever publishes them, by calls that Redis executes
 * once (see the publish script), and who takes a row over publishes its range alone. The clocks of the two say when that is,
 * and no more than that depends on them: a writer's time begins before the row is written, so it has let go of a message before
 * the row is taken. Where it has not (a call on its way to a Redis that was frozen, a database whose clock jumped, a row taken
 * while its process stood still), a tick is both told and in a range that was declared, in either order. That says too much, and
 * does no harm: clients read a declared range again and know ticks by their (time, seq), and a gateway that has anchored its
 * bars anew knows by the transaction's number that they hold the tick. For the same reason a row may be declared though it was
 * told of, in part (a commit of many symbols) or as a whole (a deletion that failed, or was rolled back with its transaction).
 *
 * The first version has a table of its own, and locks that say which of its processes live. It does not see these rows, and
 * what is found in that table is taken over only when the process it is of holds no lock any more.
 */
export class CommitLedger {
  /** Names this process among all that ever ran. */
  readonly ingestId = randomBytes(8).toString("hex");
  private last = 0;
  /** What was told of and is still in the table. */
  private told: number[] = [];

  /** Writes a commit's row, by a statement that is sent by this call. */
  async record(transaction: Transaction, ranges: readonly SymbolRange[]): Promise<UntoldCommit> {
    this.last += 1;
    const symbols = ranges.map((range) => range.symbol);
    const commit = {
      number: this.last,
      tellByMs: performance.now() + TELL_WITHIN_MS,
      untoldSymbols: new Set(symbols).size,
    };
    await transaction`
      insert into untold_commits (ingest_id, number, symbols, from_time, to_time, writer_version)
      values (${this.ingestId}, ${commit.number}, ${symbols}::text[],
              ${ranges.map((range) => range.fromUs)}::timestamptz[], ${ranges.map((range) => range.toUs)}::timestamptz[],
              ${SCHEMA_VERSION})`.execute();
    return commit;
  }

  /**
   * A commit whose statement was sent behind the locks', which its transaction then waited for: its row is younger than that.
   *
   * @param lockedMs when this process heard that the locks are there, by the monotonic clock
   */
  recordedBehindLocks(commit: UntoldCommit, lockedMs: number): UntoldCommit {
    const writtenMs = lockedMs - HEARD_WITHIN_MS;
    return { ...commit, tellByMs: Math.max(commit.tellByMs, writtenMs + TELL_WITHIN_MS) };
  }

  /** Something of these commits will not be told of by this process: their rows stay. */
  letGo(commits: readonly UntoldCommit[]): void {
    for (const commit of commits) commit.untoldSymbols = Number.POSITIVE_INFINITY;
  }

  /** Everything of these commits that concerns one symbol is on Redis. */
  markTold(commits: readonly UntoldCommit[]): void {
    for (const commit of commits) {
      commit.untoldSymbols -= 1;
      if (commit.untoldSymbols === 0) this.told.push(commit.number);
    }
  }

  /** Whether a row is of a commit that this process has told of, and is about to be deleted. */
  isTold({ ingestId, number }: LedgerRow): boolean {
    return ingestId === this.ingestId && this.told.includes(number);
  }

  /** Deletes the rows that were told of. What could not be deleted is kept. */
  async deleteTold(sql: Sql): Promise<void> {
    const told = this.told.splice(0);
    if (told.length === 0) return;
    try {
      await inSession(
        sql,
        (queries) =>
          queries`delete from untold_commits where ingest_id = ${this.ingestId} and number = any(${told}::bigint[])`,
      );
    } catch (error) {
      this.told.push(...told);
      throw error;
    }
  }

  /**
   * Takes over what is overdue, and what a dead process of the first version left.
   *
   * @returns what is to be told of now, none when nothing is overdue
   */
  async takeOverdue(transaction: Transaction): Promise<{ ranges: SymbolRange[]; commit: UntoldCommit } | undefined> {
    const ranges = await takeRanges(transaction);
    return ranges.length === 0 ? undefined : { ranges, commit: await this.record(transaction, ranges) };
  }
}

function takeRanges(transaction: Transaction): Promise<SymbolRange[]> {
  const within = `${TELL_WITHIN_MS} milliseconds`;
  return transaction<SymbolRange[]>`
    with overdue as materialized (
      select ingest_id, number
        from untold_commits
       where written_at not between statement_timestamp() - ${within}::interval and statement_timestamp() + ${within}::interval
       limit ${TAKEN_MAX}::int
         for update skip locked
    ), taken as (
      delete from untold_commits rows using overdue
       where rows.ingest_id = overdue.ingest_id and rows.number = overdue.number
      returning symbols, from_time, to_time
    ), dead as materialized (
      select ingest_id
        from (select distinct ingest_id from unpublished_commits) writers
       where pg_try_advisory_xact_lock(${FIRST_VERSION_LIFE_LOCK}::int, hashtext(ingest_id))
    ), left_behind as (
      delete from unpublished_commits using dead where unpublished_commits.ingest_id = dead.ingest_id
      returning symbols, from_time, to_time
    ), changed as (
      select symbol, start, finish
        from (select * from taken union all select * from left_behind) commits,
             unnest(symbols, from_time, to_time) as parts(symbol, start, finish)
    ), joined as (
      select symbol, unnest(range_agg(tstzrange(start, finish + ${JOINED_GAP}::interval))) as range from changed group by symbol
    )
    select symbol, lower(range) as "fromUs", upper(range) - ${JOINED_GAP}::interval as "toUs" from joined`;
}
