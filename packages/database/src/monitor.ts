import type { Micros } from "@fx-ohlc/schemas";
import { readServerState, type ServerState, schemaOf, searchPathOf } from "./server-state.js";
import { type Ground, mending } from "./session.js";
import { type DatabaseSettings, IncompatibleSchemaError, readSettings, SCHEMA_VERSION } from "./settings.js";
import { inSession, openPool, type PoolOptions, rolledBack, type Sql, type Transaction } from "./sql.js";
import { errorCode, SQL_STATE } from "./sql-state.js";

/** What a look has found. */
export interface Look {
  readonly state: ServerState;
  /** Where the tables are, as SQL wants it. */
  readonly schema: string;
  readonly ground: Ground;
  readonly settings: DatabaseSettings;
}

/** Settings are read again this often, so that a service notices that the schema does not serve it any more. */
const SETTINGS_MAX_AGE_MS = 5_000;

/** Some blocks full, so that a disk without room shows. */
const TRIAL_SYMBOLS = 1000;

/** Looks at one database, from a connection of its own. */
export class Monitor {
  private sql: Sql;
  private keepsSessions = true;
  private serverVersion = 0;
  private last: Look | undefined;
  private settingsReadAtMs = 0;

  constructor(private readonly options: PoolOptions) {
    this.sql = this.open();
  }

  /**
   * Finds out what answers at the URL at this moment. Settings are read again when it is not what it was, and now and then.
   *
   * @throws IncompatibleSchemaError when the schema is older than this build knows, or does not serve it any more
   */
  async look(): Promise<Look> {
    const { isPooled, ...state } = await this.stateOrRefusal();
    // The session was begun before anybody knew which settings the server has, and whether it keeps them.
    const isBegunInTheDark = state.version !== this.serverVersion || (isPooled && this.keepsSessions);
    this.serverVersion = state.version;
    if (isPooled) this.keepsSessions = false;
    if (isBegunInTheDark) this.reopen();
    const schema = schemaOf(state);
    if (schema === undefined) throw new IncompatibleSchemaError("the database has no schema yet: run fx-migrate");
    const ground = {
      serverVersion: state.version,
      searchPath: searchPathOf(schema, state),
      keepsSessions: this.keepsSessions,
    };
    const { last } = this;
    const isKnown = last !== undefined && groundKey(last) === groundKey({ state, ground });
    const isFresh = performance.now() - this.settingsReadAtMs < SETTINGS_MAX_AGE_MS;
    const settings = isKnown && isFresh ? last.settings : await this.readSettings(ground);
    this.last = { state, schema, ground, settings };
    return this.last;
  }

  /** The next look reads everything anew, over a new connection: what a session was given at its start may have changed. */
  renew(): void {
    this.last = undefined;
    this.keepsSessions = true;
    this.reopen();
  }

  /** The next look reads the settings again. */
  forget(): void {
    this.last = undefined;
  }

  /** The database's clock, as its rules read it. */
  async readClock({ schema }: Look): Promise<Micros> {
    const [row] = await this.sql<{ now: Micros }[]>`select ${this.sql.unsafe(schema)}.fx_clock() as now`;
    if (row === undefined) throw new Error("a select without from gave no row");
    return row.now;
  }

  /** Runs a transaction where the tables are. */
  async change(look: Look, work: (transaction: Transaction) => Promise<unknown>): Promise<void> {
    await this.sql.begin(async (transaction) => {
      await enter(transaction, look);
      await work(transaction);
    });
    this.forget();
  }

  /**
   * Writes what every commit writes, and takes it back.
   *
   * @throws whatever PostgreSQL answers when that cannot be written
   */
  async tryToWrite(look: Look): Promise<void> {
    await rolledBack(this.sql, async (transaction) => {
      await enter(transaction, look);
      await transaction`
        insert into untold_commits (ingest_id, number, symbols, from_time, to_time, writer_version)
        select 'trial', 0, array_agg(md5(i::text)), '{}', '{}', ${SCHEMA_VERSION} from generate_series(1, ${TRIAL_SYMBOLS}::int) i`;
    });
  }

  end(timeoutS: number): Promise<void> {
    return this.sql.end({ timeout: timeoutS });
  }

  private open(): Sql {
    // Without a search_path, so that a look finds where the tables would be made.
    const ground = { serverVersion: this.serverVersion, keepsSessions: this.keepsSessions };
    return openPool({ ...this.options, connectionsMax: 1, ground });
  }

  private reopen(): void {
    const old = this.sql;
    this.sql = this.open();
    void old.end({ timeout: 0 });
  }

  /** A pooler may refuse a session that wants settings. Then it is asked for one without any. */
  private async stateOrRefusal(): ReturnType<typeof readServerState> {
    try {
      return await inSession(this.sql, readServerState);
    } catch (error) {
      if (errorCode(error) !== SQL_STATE.protocolViolation || !this.keepsSessions) throw error;
      this.keepsSessions = false;
      this.reopen();
      return inSession(this.sql, readServerState);
    }
  }

  private async readSettings({ searchPath }: Ground): Promise<DatabaseSettings> {
    const settings = await this.sql.begin(async (transaction) => {
      await transaction`select set_config('search_path', ${searchPath}, true)`;
      return readSettings(transaction);
    });
    this.settingsReadAtMs = performance.now();
    return settings;
  }
}

/**
 * Opens one session for what lasts longer than a transaction: locks, and what a transaction cannot do. It is closed by whoever
 * opened it.
 *
 * @param options with the URL of a way that no pooler shares
 * @param recognise told what the session leads to; what it throws ends the session
 */
export function openSession(
  options: Omit<PoolOptions, "connectionsMax" | "ground">,
  recognise: (state: ServerState) => void = () => {},
): Promise<Sql> {
  return openSessions({ ...options, connectionsMax: 1 }, recognise);
}

/** The same with some sessions beside one another. */
export async function openSessions(
  options: Omit<PoolOptions, "ground">,
  recognise: (state: ServerState) => void = () => {},
): Promise<Sql> {
  const monitor = new Monitor({ ...options, connectionsMax: 1 });
  try {
    const { state, ground } = await monitor.look();
    recognise(state);
    return openPool({ ...options, isForLocks: true, ground: { ...ground, keepsSessions: true } });
  } finally {
    void monitor.end(0);
  }
}

/** Puts a transaction where the tables are. */
async function enter(transaction: Transaction, { ground }: Look): Promise<void> {
  await transaction`select set_config('search_path', ${ground.searchPath}, true), ${transaction.unsafe(mending("transaction"))}`;
}

/** Equal as long as a pool that was opened on a look's ground fits. */
export function groundKey({ state, ground }: Pick<Look, "state" | "ground">): string {
  return JSON.stringify([state.facts, ground]);
}
