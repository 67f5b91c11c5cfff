import { type Database, inSession, type Queries, type Sql } from "@fx-ohlc/database";
import type { DayBoundary, Micros } from "@fx-ohlc/schemas";
import { DeadlineError, Problem, type RemoteClock } from "@fx-ohlc/service-kit";

/** Some 50 ms of the fastest reads; with more of them waiting, a new one is better asked to come back. */
const WAITING_MAX = 500;
/** The server gives a statement up first; this much later it is taken for lost on the way. */
const GRACE_MS = 500;

/** A database and the reads that wait for it. */
interface Source {
  readonly database: Database;
  readonly waiting: Set<(reason: unknown) => void>;
}

/**
 * Runs reads so that each of them ends: with its rows, when its deadline passes, or as soon as the database is found away. A
 * frozen server answers nothing and closes nothing, so a read that only waited for its rows would wait with it.
 */
export class Reader {
  readonly #sources: readonly [Source, ...Source[]];
  readonly #deadlineMs: number;

  /**
   * @param statementTimeoutMs what the pools of the databases have been given
   * @param databases the first one that is available is read from: a standby, say, and the primary in its place; the last one
   *   is the primary
   */
  constructor(statementTimeoutMs: number, ...[first, ...others]: [Database, ...Database[]]) {
    this.#sources = [sourceOf(first), ...others.map(sourceOf)];
    this.#deadlineMs = statementTimeoutMs + GRACE_MS;
  }

  /**
   * The boundary of the stored day bars.
   *
   * @throws DatabaseUnavailableError before the database was ever reached
   */
  get dayBoundary(): DayBoundary {
    return this.#source.database.settings.dayBoundary;
  }

  /**
   * What every answer that depends on now goes by: the clock of the primary, also of what a standby answers; a standby's while
   * the primary was never reached.
   */
  get clock(): RemoteClock {
    const clocks = this.#sources.map(({ database }) => database.clock);
    return clocks.findLast(({ isKnown }) => isKnown) ?? this.#sources[0].database.clock;
  }

  nowUs(): Micros {
    return this.clock.nowUs();
  }

  get #source(): Source {
    return this.#sources.find(({ database }) => database.available) ?? this.#sources[0];
  }

  /**
   * @param query a statement, or some that do not wait for each other
   * @throws DatabaseUnavailableError while the database is away
   * @throws DeadlineError when the answer does not come
   * @throws Problem 503 when too many reads wait already
   */
  read<T>(query: (sql: Queries) => PromiseLike<T>): Promise<T> {
    return this.readFrom((sql) => inSession(sql, query));
  }

  /**
   * The same for what opens a transaction by itself.
   *
   * @param query opens one on the pool it is given
   */
  readFrom<T>(query: (sql: Sql) => PromiseLike<T>): Promise<T> {
    const { database, waiting } = this.#source;
    database.assertAvailable();
    if (waiting.size >= WAITING_MAX) throw new Problem("unavailable", "Too many reads wait for the database.");
    return new Promise<T>((resolve, reject) => {
      const timer = setTimeout(
        () => settle(() => reject(new DeadlineError("a read", this.#deadlineMs))),
        this.#deadlineMs,
      );
      const settle = (outcome: () => void) => {
        clearTimeout(timer);
        waiting.delete(reject);
        outcome();
      };
      waiting.add(reject);
      query(database.sql).then(
        (rows) => settle(() => resolve(rows)),
        (error: unknown) => settle(() => reject(error)),
      );
    });
  }
}

function sourceOf(database: Database): Source {
  const waiting = new Set<(reason: unknown) => void>();
  database.on("away", (reason) => {
    for (const reject of waiting) reject(reason);
  });
  return { database, waiting };
}
