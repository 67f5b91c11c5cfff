import {
  type ArchiveEntry,
  type ArchiveStore,
  type Coder,
  CURRENT_FILE,
  parseTickFile,
  readCurrent,
  readDataset,
  TICKS_FOLDER,
} from "@fx-ohlc/archive";
import type { TimeRange } from "@fx-ohlc/schemas";
import { dateOf } from "../changed-days.js";
import { settingsOf } from "../settings.js";
import type { Sql } from "../sql.js";
import { isDamage } from "./day-archiver.js";
import { readDay, startOf } from "./day-rows.js";
import { currentFiles, entriesOf, readDayState } from "./entries.js";
import { RowsCoding } from "./rows-coding.js";

/** Of more, only their number is told. */
const LISTED_MAX = 100;

export interface VerifyArchiveOptions extends TimeRange {
  readonly sql: Sql;
  readonly store: ArchiveStore;
  readonly coder: Coder;
  /** Undefined: every symbol. */
  readonly symbol: string | undefined;
  readonly log: (line: string) => void;
}

/**
 * Compares the archive's entries with its files, byte by byte, and with the ticks that are in the table still; and looks for files
 * that nobody names, and days that nobody archived. It changes nothing.
 *
 * @returns how much is wrong
 */
export async function verifyArchive(options: VerifyArchiveOptions): Promise<number> {
  const { sql, store, log } = options;
  const wrong: string[] = [];
  const tell = (line: string) => {
    if (wrong.push(line) <= LISTED_MAX) log(line);
  };
  const id = (await settingsOf(sql)).get("archive_dataset");
  const dataset = await readDataset(store);
  if (id === undefined || dataset?.id !== id)
    tell(`the dataset at ${store.url} is ${dataset?.id ?? "not there"}, the database's is ${id ?? "none"}`);
  let entries = 0;
  for await (const part of entriesOf(sql, options.symbol, options)) {
    for (const entry of part) {
      entries += 1;
      await verifyFile(options, entry, tell);
      if (entry.droppedUs === null) await verifyRows(sql, entry, tell);
      else await verifyDropped(sql, entry, tell);
    }
  }
  await findMissing(options, tell);
  await findUnnamed(options, tell);
  await verifyCurrent(sql, store, tell);
  if (wrong.length > LISTED_MAX) log(`and ${wrong.length - LISTED_MAX} more`);
  log(`${entries} days compared: ${wrong.length} differ`);
  return wrong.length;
}

type Tell = (line: string) => void;

async function verifyFile({ store, coder }: VerifyArchiveOptions, entry: ArchiveEntry, tell: Tell): Promise<void> {
  const { file, fileSha256, ticks, bytes, rowsChecksum } = entry;
  if (file === null || fileSha256 === null) return;
  try {
    await coder.prove(store, file, { ticks, bytes, rowsChecksum, fileSha256 });
  } catch (error) {
    if (!isDamage(error)) throw error;
    tell(error instanceof Error ? error.message : String(error));
  }
}

/** A day that changes meanwhile, or has since it was archived, is archived again in its turn. */
async function verifyRows(sql: Sql, entry: ArchiveEntry, tell: Tell): Promise<void> {
  if ((await readDayState(sql, entry))?.version !== entry.ticksVersion) return;
  const coding = new RowsCoding();
  await readDay(sql, entry, coding, async () => {});
  const { facts } = await coding.finish();
  if (facts.rowsChecksum === entry.rowsChecksum) return;
  const now = await readDayState(sql, entry);
  if (now?.version !== entry.ticksVersion || now.entry?.n !== entry.n || now.entry.droppedUs !== null) return;
  tell(
    `${entry.symbol} ${entry.date}: the table has ${facts.ticks} ticks that are not the ${entry.ticks} of the archive`,
  );
}

/** What a hand has put where everything is dropped is read by nobody. */
async function verifyDropped(sql: Sql, entry: ArchiveEntry, tell: Tell): Promise<void> {
  const state = await readDayState(sql, entry);
  if (state === undefined || state.version === entry.ticksVersion) return;
  tell(`${entry.symbol} ${entry.date}: ticks were put into the table after it was dropped`);
}

async function findMissing({ sql, symbol, fromUs, toUs }: VerifyArchiveOptions, tell: Tell): Promise<void> {
  const missing = await sql<{ symbol: string; date: string }[]>`
    select symbol, date::text as date
      from (select distinct symbol, (bucket at time zone 'UTC')::date as date
              from ohlc_hour, archive_state, retention_mark
             where bucket >= greatest(${fromUs}::timestamptz, dropped_before) and bucket < least(${toUs}::timestamptz, listed_before)
               and (${symbol ?? null}::text is null or symbol = ${symbol ?? null}::text)) stored
     where not exists (select 1 from archive_versions known where known.symbol = stored.symbol and known.date = stored.date)
     order by date, symbol`;
  for (const day of missing) tell(`${day.symbol} ${day.date}: has ticks, and nobody archives them`);
}

async function findUnnamed({ sql, store, symbol, fromUs, toUs }: VerifyArchiveOptions, tell: Tell): Promise<void> {
  for await (const { path } of store.list(TICKS_FOLDER)) {
    const name = parseTickFile(path);
    const isAsked =
      name === undefined ||
      ((symbol === undefined || name.symbol === symbol) &&
        startOf(name.date) >= startOf(dateOf(fromUs)) &&
        startOf(name.date) < toUs);
    if (!isAsked) continue;
    const named = await sql`
      select 1 from archive_days where file = ${path} and symbol = ${name?.symbol ?? ""} and date = ${name?.date ?? null}::text::date
      union all select 1 from archive_replaced where file = ${path}`;
    if (named.length === 0) tell(`${path} is named by no entry: it is removed when it is a day old`);
  }
}

/** What engines read: between two passes it may lack what the last one wrote. */
async function verifyCurrent(sql: Sql, store: ArchiveStore, tell: Tell): Promise<void> {
  const entered = new Map<string, string>();
  for await (const part of currentFiles(sql)) for (const { path, checksum } of part) entered.set(path, checksum);
  if (entered.size === 0) return;
  try {
    const listed = await readCurrent(store);
    const differing = listed.filter(({ path, checksum }) => entered.get(path) !== checksum).length;
    const missing = entered.size - (listed.length - differing);
    if (differing + missing > 0)
      tell(`${CURRENT_FILE} lists ${differing} files that do not count, and lacks ${missing} that do`);
  } catch (error) {
    if (!isDamage(error)) throw error;
    tell(error instanceof Error ? error.message : String(error));
  }
}
