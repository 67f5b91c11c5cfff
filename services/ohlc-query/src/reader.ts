import {
  type Database,
  type Engine,
  endingWith,
  errorCode,
  inSession,
  type Queries,
  type Sql,
  type Transaction,
} from "@fx-ohlc/database";
import type { DayBoundary, Micros } from "@fx-ohlc/schemas";
import { Ending, FairTurns, type FairTurnsOptions, type RemoteClock } from "@fx-ohlc/service-kit";

/**
 * Some 50 ms of the fastest reads; with more of them waiting, a new one is better asked to come back. A caller has three quarters of
 * all places at most, so that the slow reads of one leave some for the others.
 */
const WAITING_MAX = 500;
const SHARE_MAX = 0.75;
const CANCELLED = "57014";

/** A database, and whose turn it is to read from it. */
interface Source {
  readonly database: Database;
  readonly turns: FairTurns;
}

type Sources = readonly [Source, ...Source[]];

/**
 * Runs reads, one on each connection and the others in turn, until they have to end: then they are cancelled in
 * PostgreSQL. A read also ends as soon as the database is found away: a frozen server answers nothing and closes nothing.
 */
export class Reader {
  readonly #sources: Sources;

  private constructor(
    readonly ending: Ending,
    sources: Sources,
  ) {
    this.#sources = sources;
  }

  /**
   * @param connectionsMax what the pool of each database has been given
   * @param databases the first one that is available is read from: a standby, say, and the primary in its place; the last one
   *   is the primary
   */
  static of(connectionsMax: number, ...[first, ...others]: [Database, ...Database[]]): Reader {
    const sourceOf = (database: Database) => ({ database, turns: new FairTurns(turnsOf(connectionsMax)) });
    return new Reader(new Ending(), [sourceOf(first), ...others.map(sourceOf)]);
  }

  /** The same, until something else ends. */
  until(ending: Ending): Reader {
    return new Reader(ending, this.#sources);
  }

  /** The same from the database that is read from now, whatever becomes of it. */
  onPresentSource(): Reader {
    return new Reader(this.ending, [this.#source]);
  }

  /** Tells the database that is read from now from others. */
  get source(): object {
    return this.#source.database;
  }

  /**
   * The boundary of the stored day bars.
   *
   * @throws DatabaseUnavailableError before the database was ever reached
   */
  get dayBoundary(): DayBoundary {
    return this.#source.database.settings.dayBoundary;
  }

  /** @throws DatabaseUnavailableError before the database was ever reached */
  get engine(): Engine {
    return this.#source.database.settings.engine;
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
   * @param work a statement, or some one after the other
   * @throws DatabaseUnavailableError while the database is away
   * @throws PostgresError 57014, or the reason, when it has to end
   * @throws Problem 503 when too many reads wait already
   */
  read<T>(work: (sql: Queries) => PromiseLike<T>): Promise<T> {
    return this.#run((sql) => inSession(sql, (queries) => work(endingWith(queries, this.ending))));
  }

  /** The same for statements that see the same state of the database, whatever is committed meanwhile. */
  readUnderOneSnapshot<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    return this.#run((sql) => {
      const begun = sql.begin("isolation level repeatable read read only", (transaction) =>
        work(endingWith(transaction, this.ending)),
      );
      return begun as Promise<T>; // postgres.js unwraps arrays in its type.
    });
  }

  #run<T>(work: (sql: Sql) => PromiseLike<T>): Promise<T> {
    const { database, turns } = this.#source;
    const read = async () => {
      this.ending.assertNone();
      try {
        return await work(database.sql);
      } catch (error) {
        // The cancel of another read came late and met this one.
        if (errorCode(error) !== CANCELLED || this.ending.reason !== undefined) throw error;
        return work(database.sql);
      }
    };
    return database.whileAvailable(() => turns.run(this.ending.caller, read, this.ending));
  }
}

function turnsOf(connectionsMax: number): FairTurnsOptions {
  return {
    runningMax: connectionsMax,
    runningPerCallerMax: Math.ceil(SHARE_MAX * connectionsMax),
    waitingMax: WAITING_MAX,
    waitingPerCallerMax: SHARE_MAX * WAITING_MAX,
    whenFull: "Too many reads wait for the database.",
  };
}
