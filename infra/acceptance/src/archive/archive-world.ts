import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { openStore, SAME_THREAD } from "@fx-ohlc/archive";
import { type MigrateOptions, migrate, openPool, readSettings } from "@fx-ohlc/database";
import { initArchive, verifyArchive } from "@fx-ohlc/database/archive";
import { eventually, type TestPostgres, type TestService, testDatabase, testPostgres } from "@fx-ohlc/testkit";
import { type Database, System } from "../system.js";

/** A server of its own can be restarted: the one of the run is others', too. Only plain PostgreSQL comes with the tests. */
async function openDatabase(archiveUrl: string): Promise<Database & { readonly server?: TestPostgres }> {
  const settings: Omit<MigrateOptions, "url"> = { engine: "auto", archiveUrl, retentionDays: 0, chunkDays: 1 };
  const database = await testDatabase(settings);
  const sql = pool(database.url);
  const { engine } = await readSettings(sql);
  await sql.end();
  if (engine === "timescaledb") return database;
  await database.drop();
  const server = await testPostgres();
  await migrate({ ...settings, dayBoundary: { hour: 22, timezone: "UTC" }, url: server.url });
  return { url: server.url, server, drop: () => server.drop() };
}

/** A system with an archive in a folder, but for archivers. */
export class ArchiveWorld {
  private constructor(
    readonly system: System,
    /** Undefined where it may not be restarted. */
    readonly server: TestPostgres | undefined,
    readonly folder: string,
    readonly ingest: TestService,
    readonly query: TestService,
    private readonly base: string,
  ) {}

  static async open(): Promise<ArchiveWorld> {
    const base = mkdtempSync(join(tmpdir(), "fx-archive-world-"));
    const folder = join(base, "archive");
    mkdirSync(folder);
    const url = pathToFileURL(folder).href;
    let server: TestPostgres | undefined;
    const system = await System.create(async () => {
      const database = await openDatabase(url);
      server = database.server;
      return database;
    });
    const world = { sql: pool(system.database.url), store: await openStore(url) };
    await initArchive(world.sql, world.store, () => {});
    await world.sql.end();
    const [ingest, query] = await Promise.all([system.start("tick-ingest"), system.start("ohlc-query")]);
    return new ArchiveWorld(system, server, folder, ingest, query, base);
  }

  get archiveUrl(): string {
    return pathToFileURL(this.folder).href;
  }

  setRetention(retentionDays: number): Promise<unknown> {
    return migrate({ engine: "auto", url: this.system.database.url, retentionDays });
  }

  /** Resolves when no late tick waits for its bars. */
  async refreshed(): Promise<void> {
    if ((await this.system.engine()) === "postgres") return;
    const isRefreshed = async () => (await this.system.sql`select 1 from refresh_queue limit 1`).length === 0;
    await eventually(isRefreshed, { timeoutMs: 120_000, what: "the bars to be refreshed" });
  }

  /** Every stored bar of some symbols. */
  async bars(symbols: readonly string[]): Promise<string[]> {
    const rows = await this.system.sql`
      select * from (select 'm' as level, symbol, bucket, open, high, low, close, tick_count
                       from ohlc_minute where bucket >= '2000-01-01' and bucket < '2100-01-01'
                     union all
                     select 'h', symbol, bucket, open, high, low, close, tick_count
                       from ohlc_hour where bucket >= '2000-01-01' and bucket < '2100-01-01'
                     union all
                     select 'd', symbol, bucket, open, high, low, close, tick_count
                       from ohlc_day where bucket >= '2000-01-01' and bucket < '2100-01-01') bars
       where symbol = any(${[...symbols]}) order by 1, 2, 3`;
    return rows.map((row) => JSON.stringify(row));
  }

  /** What is wrong with entries, files and table. Files that nobody names are none: those who wrote them were killed. */
  async differences(): Promise<string[]> {
    const lines: string[] = [];
    const sql = pool(this.system.database.url);
    const store = await openStore(this.archiveUrl);
    const range = { fromUs: 0, toUs: 4_000_000_000_000_000, symbol: undefined };
    await verifyArchive({ ...range, sql, store, coder: SAME_THREAD, log: (line) => lines.push(line) });
    await sql.end();
    return lines.filter((line) => !/named by no entry|days compared/.test(line));
  }

  async stop(): Promise<void> {
    await this.system.stop();
    rmSync(this.base, { recursive: true, force: true });
  }
}

function pool(url: string) {
  return openPool({ url, applicationName: "test", connectionsMax: 2, statementTimeoutMs: 0 });
}
