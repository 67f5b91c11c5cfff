import type { DayBoundary } from "@fx-ohlc/schemas";
import { eventually, testDatabase } from "@fx-ohlc/testkit";
import postgres from "postgres";
import { moveDatabaseClock } from "../clock/database-clock.js";
import type { Database } from "../system.js";

/** What an earlier moment of a database is kept as. */
export interface Backup {
  readonly name: string;
}

const OPTIONS = { max: 2, onnotice: () => undefined };

/** What a fresh database is migrated with where the boundary is not the default one. */
function open(boundary: DayBoundary): Promise<Database> {
  const isDefault = boundary.hour === 22 && boundary.timezone === "UTC";
  return isDefault ? testDatabase() : testDatabase({ dayBoundary: boundary });
}

/**
 * A database whose clock can be moved, and that can be put back to an earlier moment under the same name: services that are
 * connected lose their connections for as long as it takes, and find another database behind the same URL.
 */
export class DatabaseHost {
  #backups = 0;
  #aheadS = 0;

  private constructor(
    private readonly database: Database,
    /** For what the public API does not show. */
    readonly sql: postgres.Sql,
    private readonly server: postgres.Sql,
    readonly hasTimescale: boolean,
  ) {}

  static async create(boundary: DayBoundary): Promise<DatabaseHost> {
    const database = await open(boundary);
    const serverUrl = new URL(database.url);
    serverUrl.pathname = "/postgres";
    const sql = postgres(database.url, OPTIONS);
    const [extension] = await sql`select 1 from pg_extension where extname = 'timescaledb'`;
    return new DatabaseHost(database, sql, postgres(serverUrl.href, OPTIONS), extension !== undefined);
  }

  get url(): string {
    return this.database.url;
  }

  get name(): string {
    return new URL(this.url).pathname.slice(1);
  }

  /** How far the database's clock is ahead of this machine's. */
  get aheadS(): number {
    return this.#aheadS;
  }

  /** Moves the clock that every rule goes by, from the next statement on. */
  async setClock(aheadS: number): Promise<void> {
    this.#aheadS = aheadS;
    await moveDatabaseClock(this.sql, aheadS * 1_000);
  }

  /** Keeps what the database holds now. Everybody on it is cut off for a moment: PostgreSQL copies no database with sessions. */
  async backup(): Promise<Backup> {
    this.#backups += 1;
    const backup = { name: `${this.name}_backup_${this.#backups}` };
    await this.#withoutSessions(
      () =>
        this
          .server`create database ${this.server(backup.name)} template ${this.server(this.name)} allow_connections false`,
    );
    return backup;
  }

  /** The clock is the machine's: it does not go back with the data. */
  async restore(backup: Backup): Promise<void> {
    await this.server`drop database ${this.server(this.name)} with (force)`;
    await this.server`create database ${this.server(this.name)} template ${this.server(backup.name)}`;
    await this.#startJobs();
    await this.setClock(this.#aheadS);
  }

  /** Ends sessions as an operator would, in the middle of whatever they do. */
  async terminate(applicationName: string): Promise<number> {
    const ended = await this.server`
      select pg_terminate_backend(pid) from pg_stat_activity
       where datname = ${this.name} and application_name like ${applicationName}`;
    return ended.length;
  }

  async drop(): Promise<void> {
    await this.sql.end({ timeout: 2 });
    for (let number = 1; number <= this.#backups; number += 1)
      await this.server`drop database if exists ${this.server(`${this.name}_backup_${number}`)} with (force)`;
    await this.server.end({ timeout: 2 });
    await this.database.drop();
  }

  async #withoutSessions(work: () => PromiseLike<unknown>): Promise<void> {
    await this.server`alter database ${this.server(this.name)} with allow_connections false`;
    try {
      await this.#untilAlone();
      await work();
    } finally {
      await this.server`alter database ${this.server(this.name)} with allow_connections true`;
      await this.#startJobs();
    }
  }

  /** A session that ends is counted until its last cleanup. */
  async #untilAlone(): Promise<void> {
    const isAlone = async () => {
      const others = await this.server`
        select pg_terminate_backend(pid) from pg_stat_activity where datname = ${this.name}`;
      return others.length === 0;
    };
    await eventually(isAlone, { what: "the sessions on a database to end" });
  }

  /** The jobs of TimescaleDB ended with the sessions. */
  async #startJobs(): Promise<void> {
    if (this.hasTimescale) await this.sql`select _timescaledb_functions.start_background_workers()`;
  }
}
