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
import type { Archive } from "./archive/archive.js";

/**
 * Some 50 ms of the fastest reads; with more of them waiting, a new one is better asked to come back. A caller has three quarters of
 * all places at most, so that the slow reads of one leave some for the others.
 */
const WAITING_MAX = 500;
const SHARE_MAX = 0.75;
/** What takes seconds has no more than this share of all connections at a time: the others are there for what takes milliseconds. */
const LONG_SHARE_MAX = 0.5;
const CANCELLED = "57014";

/** A database, and whose turn it is to read from it. */
interface Source {
  readonly database: Database;
  readonly turns: FairTurns;
  /** Of work that takes seconds, before its turn to read. */
  readonly longTurns: FairTurns;
}

type Sources = readonly [Source, ...Source[]];

/**
 * Runs reads, one on each connection and the others in turn, until they have to end: then they are cancelled in
 * PostgreSQL. A read also ends as soon as the database is found away: a frozen server answers nothing and closes nothing.
 */
export class Reader {
  readonly #sources: Sources;
  /** In which all is read, where it has to be of one moment. */
  readonly #transaction: Transaction | undefined;
  /** What is now for its answers, where they are of the past. */
  readonly #momentUs: Micros | undefined;

  private constructor(
    readonly ending: Ending,
    /** What is dropped, where it is kept in files. */
    readonly archive: Archive,
    sources: Sources,
    transaction?: Transaction,
    momentUs?: Micros,
  ) {
    this.#sources = sources;
    this.#transaction = transaction;
    this.#momentUs = momentUs;
  }

  /**
   * @param archive the files of ticks that are dropped
   * @param connectionsMax what the pool of each database has been given
   * @param databases the first one that is available is read from: a standby, say, and the primary in its place; the last one
   *   is the primary
   */
  static of(archive: Archive, connectionsMax: number, ...[first, ...others]: [Database, ...Database[]]): Reader {
    const longMax = Math.max(1, Math.floor(LONG_SHARE_MAX * connectionsMax));
    const sourceOf = (database: Database) => ({
      ...{ database, turns: new FairTurns(turnsOf(connectionsMax)), longTurns: new FairTurns(turnsOf(longMax)) },
    });
    return new Reader(new Ending(), archive, [sourceOf(first), ...others.map(sourceOf)]);
  }

  /** The same, until something else ends. */
  until(ending: Ending): Reader {
    return new Reader(ending, this.archive, this.#sources, this.#transaction, this.#momentUs);
  }

  /** The same, for answers by a clock that stands at a moment of the past. */
  at(momentUs: Micros): Reader {
    return new Reader(this.ending, this.archive, this.#sources, this.#transaction, momentUs);
  }

  /** The same from the database that is read from now, whatever becomes of it. */
  onPresentSource(): Reader {
    return this.isOfOneSnapshot
      ? this
      : new Reader(this.ending, this.archive, [this.#source], undefined, this.#momentUs);
  }

  /** Whether all that is read by it is of one moment. */
  get isOfOneSnapshot(): boolean {
    return this.#transaction !== undefined;
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
   * To be called before a read.
   *
   * @returns asked after it, up to when everything is in it that was committed, or more; undefined when only the primary was read from
   */
  watchAge(): () => Micros | undefined {
    const [{ database }] = this.#sources;
    const { available, replayedUs } = database;
    return () => (available || database.available ? replayedUs : undefined);
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
    return this.#momentUs ?? this.clock.nowUs();
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
    if (this.#transaction !== undefined) return this.readUnderOneSnapshot(async (transaction) => work(transaction));
    return this.#run((sql) => inSession(sql, (queries) => work(endingWith(queries, this.ending))));
  }

  /** The same for statements that see the same state of the database, whatever is committed meanwhile. */
  async readUnderOneSnapshot<T>(work: (transaction: Transaction) => Promise<T>): Promise<T> {
    const run = (transaction: Transaction) => work(endingWith(transaction, this.ending));
    return this.#transaction === undefined ? this.#begin(run, false) : run(this.#transaction);
  }

  /**
   * Runs work all of whose reads see the same state of the database. It may be begun again, from its beginning.
   *
   * @param isLong whether it may take seconds
   */
  async underOneSnapshot<T>(work: (reader: Reader) => Promise<T>, isLong = false): Promise<T> {
    if (this.isOfOneSnapshot) return work(this);
    const present = this.onPresentSource();
    return present.#begin(
      (transaction) => work(new Reader(this.ending, this.archive, present.#sources, transaction, this.#momentUs)),
      isLong,
    );
  }

  #begin<T>(work: (transaction: Transaction) => Promise<T>, isLong: boolean): Promise<T> {
    const begin = (sql: Sql) => sql.begin("isolation level repeatable read read only", work) as Promise<T>; // postgres.js unwraps arrays in its type.
    return this.#run(begin, isLong);
  }

  #run<T>(work: (sql: Sql) => PromiseLike<T>, isLong = false): Promise<T> {
    const { database, turns, longTurns } = this.#source;
    const { ending } = this;
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
    const inTurn = () => turns.run(ending.caller, read, ending);
    return database.whileAvailable(() => (isLong ? longTurns.run(ending.caller, inTurn, ending) : inTurn()));
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
