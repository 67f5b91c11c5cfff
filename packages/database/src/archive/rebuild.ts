import { once } from "node:events";
import { finished } from "node:stream/promises";
import { type ArchiveStore, type CurrentFile, readCurrent, readDataset } from "@fx-ohlc/archive";
import { formatTime, parseTime, US_PER_DAY } from "@fx-ohlc/schemas";
import { recordArchive } from "../archive-setting.js";
import { queueRefresh } from "../refresh-queue.js";
import { type Engine, readSettings, settingsOf } from "../settings.js";
import type { Sql, Transaction } from "../sql.js";
import { lockSymbols } from "../symbol-locks.js";
import { hearSymbols } from "../symbols.js";
import { eventuallyRefreshed } from "./rebuild-bars.js";
import { type ReadDay, readDay } from "./rebuild-day.js";
import { whyNotWriter } from "./writer.js";

export interface RebuildOptions {
  readonly url: string;
  readonly sql: Sql;
  readonly store: ArchiveStore;
  readonly log: (line: string) => void;
}

/** A key of `settings` while the database is being filled: with the id of the dataset that it is filled from. */
const UNDER_WAY = "archive_rebuild";
/** As long as new chunks of ticks are. */
const RANGE_DAYS = 7;

/**
 * Fills an empty database with every tick of a dataset, oldest first, and adopts its files as the archive's entries. What was
 * interrupted goes on where it stopped, when it is called again.
 *
 * @throws Error when there is something in the database, or no dataset in the store
 */
export async function rebuild(options: RebuildOptions): Promise<void> {
  const { sql, store, log } = options;
  const dataset = await readDataset(store);
  if (dataset === undefined) throw new Error(`${store.url} holds no dataset`);
  // One that fx-migrate has not been run on says so.
  const { engine } = await readSettings(sql);
  await begin(options, dataset.id);
  const files = await readCurrent(store);
  const entered = await sql<{ day: string; file: string }[]>`
    select symbol || ' ' || date as day, file from archive_days where file is not null`;
  const done = new Set(entered.map(({ file }) => file));
  const waiting = files.filter(({ path }) => !done.has(path));
  const stored = new Set(entered.map(({ day }) => day));
  const changed = waiting.find(({ symbol, date }) => stored.has(`${symbol} ${date}`));
  if (changed !== undefined) {
    throw new Error(
      `${changed.symbol} ${changed.date} was archived anew since it was stored: stop its archiver, and begin with an empty database`,
    );
  }
  const ranges = byRange(waiting);
  log(`${files.length} days in ${store.url}, ${files.length - done.size} of them to store`);
  const startedMs = performance.now();
  let ticks = 0;
  for (const range of ranges) {
    const days = await sql.begin((transaction) => storeRange(transaction, engine, store, range));
    await eventuallyRefreshed(options, engine);
    ticks += days.reduce((sum, day) => sum + day.ticks, 0);
    const perS = Math.round((ticks * 1000) / (performance.now() - startedMs));
    log(`up to ${range.at(-1)?.date ?? ""}: ${ticks} ticks, ${perS} a second`);
  }
  await sql`delete from settings where key = ${UNDER_WAY}`;
  log(
    `${ticks} ticks stored; what the archive does not hold (keys, what is said of symbols, the audit, older bars) comes from a backup`,
  );
  if ((await whyNotWriter(sql, store)) !== null)
    log(
      "nothing is written there, and nothing dropped here, before fx-migrate archive --init says that this database shall",
    );
}

/** Notes what the database is filled from, where it is empty. */
async function begin({ sql, store, log }: RebuildOptions, id: string): Promise<void> {
  await sql.begin(async (transaction) => {
    const underWay = (await settingsOf(transaction)).get(UNDER_WAY);
    if (underWay === id) return;
    if (underWay !== undefined)
      throw new Error(`this database is being filled from the dataset ${underWay}, not ${id}`);
    const [held] = await transaction<{ what: string }[]>`
      select 'ticks' as what where exists (select from ticks)
      union all select 'bars' where exists (select from ohlc_day where bucket >= '1969-12-30 00:00:00+00')
      union all select 'an archive' where exists (select from archive_days)`;
    if (held !== undefined)
      throw new Error(`this database holds ${held.what}: only an empty one is filled from an archive`);
    await recordArchive(transaction, store.url, log);
    await transaction`
      insert into settings (key, value) values ('archive_dataset', ${id}), (${UNDER_WAY}, ${id})
          on conflict (key) do update set value = excluded.value`;
  });
}

/** Files of some days, oldest first. */
function byRange(files: readonly CurrentFile[]): CurrentFile[][] {
  const ranges = new Map<number, CurrentFile[]>();
  for (const file of [...files].sort((a, b) => compare(a.date, b.date) || compare(a.symbol, b.symbol))) {
    const number = Math.floor(startOf(file.date) / (RANGE_DAYS * US_PER_DAY));
    const own = ranges.get(number) ?? [];
    ranges.set(number, own);
    own.push(file);
  }
  return [...ranges.values()];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function startOf(date: string): number {
  return parseTime(`${date}T00:00:00Z`) ?? 0;
}

async function storeRange(
  transaction: Transaction,
  engine: Engine,
  store: ArchiveStore,
  files: readonly CurrentFile[],
): Promise<ReadDay[]> {
  const symbols = [...new Set(files.map(({ symbol }) => symbol))];
  await lockSymbols(transaction, symbols);
  // None of it came late, and its versions are those of its entries.
  await transaction`select set_config('fx.late_noted', 'on', true), set_config('fx.archive_noted', 'on', true)`;
  const days: ReadDay[] = [];
  const rows = await transaction`copy ticks (symbol, time, seq, price, bid, ask, recorded_at) from stdin`.writable();
  // What it fails with is thrown where it is written to, or where it is ended.
  rows.on("error", () => {});
  try {
    for (const file of files) {
      days.push(
        await readDay(store, file, async (text) => {
          if (!rows.write(text)) await once(rows, "drain");
        }),
      );
    }
  } catch (error) {
    rows.destroy(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
  rows.end();
  await finished(rows);
  const quoted = new Set(days.filter(({ hasQuotes }) => hasQuotes).map(({ symbol }) => symbol));
  await hearSymbols(transaction, symbols, [...quoted]);
  await enter(transaction, days);
  const windows = days.map(({ symbol, firstUs, lastUs }) => ({
    symbol,
    fromUs: firstUs,
    toUs: lastUs + 1,
    reason: "late" as const,
  }));
  await queueRefresh(transaction, engine, windows);
  return days;
}

/** Adopts files as entries, of the version that their ticks have from now on. */
async function enter(transaction: Transaction, days: readonly ReadDay[]): Promise<void> {
  const texts = (of: (day: ReadDay) => string) => days.map(of);
  await transaction`
    with adopted as (
      select symbol, date, n, file, new_version() as version, ticks, first, last, rows_checksum, file_sha256, bytes
        from unnest(${texts(({ symbol }) => symbol)}::text[], ${texts(({ date }) => date)}::text[]::date[],
                    ${texts(({ n }) => String(n))}::text[]::int[], ${texts(({ file }) => file)}::text[],
                    ${texts(({ ticks }) => String(ticks))}::text[]::bigint[],
                    ${texts(({ firstUs }) => formatTime(firstUs))}::text[]::timestamptz[],
                    ${texts(({ lastUs }) => formatTime(lastUs))}::text[]::timestamptz[],
                    ${texts(({ rowsChecksum }) => rowsChecksum)}::text[], ${texts(({ fileSha256 }) => fileSha256)}::text[],
                    ${texts(({ bytes }) => String(bytes))}::text[]::bigint[])
             as day(symbol, date, n, file, ticks, first, last, rows_checksum, file_sha256, bytes)
    ), versions as (
      insert into archive_versions (symbol, date, version, drawn_at, last_n, archived)
      select symbol, date, version, fx_now(), n, version from adopted
          on conflict (symbol, date) do update
             set version = excluded.version, drawn_at = excluded.drawn_at, last_n = excluded.last_n, archived = excluded.archived
    )
    insert into archive_days (symbol, date, n, file, ticks_version, ticks, first, last, rows_checksum, file_sha256, bytes,
                              written_at, verified_at)
    select symbol, date, n, file, version, ticks, first, last, rows_checksum, file_sha256, bytes, fx_clock(), fx_clock()
      from adopted`;
}
