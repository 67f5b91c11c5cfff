import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  type ArchiveEntry,
  type ArchiveStore,
  type ByteRange,
  FileStore,
  NO_SIDE,
  SAME_THREAD,
  StoreUnavailableError,
  TickFile,
  type Upload,
} from "@fx-ohlc/archive";
import type { Tick } from "@fx-ohlc/schemas";
import {
  ARCHIVE_RULES,
  type ArchiveRules,
  ArchiveWorker,
  entriesOf,
  initArchive,
  type PassReport,
  verifyArchive,
} from "../src/archive/index.js";
import type { MigrateOptions } from "../src/migrate.js";
import type { Sql } from "../src/sql.js";
import { Keeper } from "./keeper.js";

export const EVERY_DAY = { fromUs: 0, toUs: 4_000_000_000_000_000 };

/** Archives each ended day at once, and again as soon as it has changed. */
const FAST: ArchiveRules = { ...ARCHIVE_RULES, afterDays: 0, rowsPerSecond: 0, settledUs: 0, againUs: 0, endedUs: 0 };

/** A store that fails as often as it is told to, and tears some uploads: what was finished is not what was sent. */
export class FaultyStore implements ArchiveStore {
  readonly url: string;
  failEvery = Number.POSITIVE_INFINITY;
  tearEvery = Number.POSITIVE_INFINITY;
  /** Files on a broken place of a disk, or of somebody else's. */
  readonly unreadable = new Set<string>();
  private calls = 0;
  private uploads = 0;

  constructor(private readonly store: ArchiveStore) {
    this.url = store.url;
  }

  read = (path: string, range?: ByteRange) => this.unlessFailing(() => this.store.read(path, range), path);
  find = (path: string) => this.unlessFailing(() => this.store.find(path));
  list = (folder: string) => this.store.list(folder);
  write = (path: string, bytes: Uint8Array) => this.unlessFailing(() => this.store.write(path, bytes));
  move = (from: string, to: string) => this.unlessFailing(() => this.store.move(from, to), from);
  remove = (path: string) => this.unlessFailing(() => this.store.remove(path));
  clearUploads = (before: number) => this.store.clearUploads(before);
  close = () => this.store.close();

  async upload(path: string): Promise<Upload> {
    const upload = await this.unlessFailing(() => this.store.upload(path));
    this.uploads += 1;
    if (this.uploads % this.tearEvery !== 0) return upload;
    return { ...bound(upload), write: (bytes) => upload.write(bytes.subarray(0, bytes.length - 1)) };
  }

  private async unlessFailing<T>(work: () => Promise<T>, path = ""): Promise<T> {
    if (this.unreadable.has(path)) throw new StoreUnavailableError(`EIO at ${path}`);
    this.calls += 1;
    if (this.calls % this.failEvery === 0) throw new StoreUnavailableError("it fails now and then");
    return work();
  }
}

function bound(upload: Upload): Upload {
  return {
    write: upload.write.bind(upload),
    finish: upload.finish.bind(upload),
    abort: upload.abort.bind(upload),
  };
}

/** A database with an archive in a folder, and what looks after both. */
export class ArchiveKeeper {
  readonly troubles: string[] = [];
  readonly reports: PassReport[] = [];
  private workers: ArchiveWorker[] = [];

  private constructor(
    readonly keeper: Keeper,
    readonly folder: string,
    readonly store: FaultyStore,
  ) {}

  static async open(settings: Omit<MigrateOptions, "url" | "engine"> = {}): Promise<ArchiveKeeper> {
    const folder = await mkdtemp(join(tmpdir(), "fx-archive-"));
    const store = new FaultyStore(new FileStore(pathToFileURL(folder).href));
    const keeper = await Keeper.open({ ...settings, archiveUrl: store.url });
    await initArchive(keeper.sql, store, () => {});
    keeper.startWorker();
    return new ArchiveKeeper(keeper, folder, store);
  }

  get sql(): Sql {
    return this.keeper.sql;
  }

  startArchiver(rules: Partial<ArchiveRules> = {}): ArchiveWorker {
    const worker = new ArchiveWorker({
      ...{ url: this.keeper.url, store: this.store, coder: SAME_THREAD, rules: { ...FAST, ...rules }, everyMs: 20 },
      onError: (error) => this.troubles.push(String(error)),
      notice: (message) => this.troubles.push(message),
      onPass: (report) => this.reports.push(report),
    });
    worker.start();
    this.workers.push(worker);
    return worker;
  }

  async stopArchivers(): Promise<void> {
    await Promise.all(this.workers.splice(0).map((worker) => worker.stop()));
  }

  /** Of days that have ended, none waits. */
  async isArchived(): Promise<boolean> {
    const [row] = await this.sql<{ is: boolean }[]>`
      select listed_before >= date_trunc('day', fx_clock(), 'UTC') and not exists (
               select 1 from archive_versions v left join archive_days d using (symbol, date)
                where v.version is distinct from v.archived and d.dropped_at is null
                  and v.date < (fx_clock() at time zone 'UTC')::date) as is
        from archive_state`;
    return row?.is === true;
  }

  async entries(): Promise<ArchiveEntry[]> {
    const all: ArchiveEntry[] = [];
    for await (const part of entriesOf(this.sql, undefined, EVERY_DAY)) all.push(...part);
    return all;
  }

  /** The ticks of a file. */
  async ticksOf({ symbol, file, bytes }: ArchiveEntry): Promise<Tick[]> {
    if (file === null) return [];
    const store = new FileStore(this.store.url);
    const source = await TickFile.open({ path: file, size: bytes, read: (range) => store.read(file, range) });
    const ticks: Tick[] = [];
    for (const index of source.groups.keys()) {
      const { count, time, seq, price, bid, ask } = await source.readGroup(index);
      for (let row = 0; row < count; row += 1) {
        const sides = bid[row] === NO_SIDE ? {} : { bid: bid[row] ?? 0, ask: ask[row] ?? 0 };
        ticks.push({ symbol, timeUs: Number(time[row]), seq: seq[row] ?? 0, price: price[row] ?? 0, ...sides });
      }
    }
    return ticks;
  }

  /** Every tick there is: in the table as long as its day is not dropped, and in its file from then on. As one statement sees it. */
  async allTicks(): Promise<string[]> {
    const [row] = await this.sql<{ ticks: Tick[]; days: string[] }[]>`
      select coalesce((select json_agg(json_build_object('symbol', symbol, 'timeUs', (extract(epoch from time) * 1e6)::bigint,
                                                         'seq', seq, 'price', price, 'bid', bid, 'ask', ask))
                         from ticks
                        where not exists (select 1 from archive_days day
                                           where day.symbol = ticks.symbol and day.date = (time at time zone 'UTC')::date
                                             and dropped_at is not null)), '[]') as ticks,
             array(select symbol || ' ' || date from archive_days where dropped_at is not null) as days`;
    const dropped = new Set(row?.days);
    const entries = (await this.entries()).filter(({ symbol, date }) => dropped.has(`${symbol} ${date}`));
    const filed = await Promise.all(entries.map((entry) => this.ticksOf(entry)));
    return [...(row?.ticks ?? []), ...filed.flat()].map(tickText).sort();
  }

  verify(log: (line: string) => void): Promise<number> {
    return verifyArchive({
      ...EVERY_DAY,
      symbol: undefined,
      sql: this.sql,
      store: new FileStore(this.store.url),
      coder: SAME_THREAD,
      log,
    });
  }

  async close(): Promise<void> {
    await this.stopArchivers();
    await this.keeper.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** A tick, to compare. */
export function tickText({ symbol, timeUs, seq, price, bid, ask }: Tick): string {
  return [symbol, timeUs, seq, price, bid ?? "", ask ?? ""].join(" ");
}
