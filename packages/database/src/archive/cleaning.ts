import {
  type ArchiveStore,
  CURRENT_FILE,
  FileMissingError,
  parseTickFile,
  replacedFile,
  type StoredFile,
  TICKS_FOLDER,
} from "@fx-ohlc/archive";
import type { Leadership } from "../leadership.js";
import type { Sql } from "../sql.js";
import { type ArchiveRules, UNNAMED_KEPT_MS } from "./rules.js";

/** Files that one step moves or removes. */
const FILES_PER_STEP = 1000;

/** What files are cleaned away with. */
export interface CleaningTools {
  readonly leadership: Leadership;
  readonly sql: Sql;
  readonly store: ArchiveStore;
  readonly rules: ArchiveRules;
  /** Told of a file that could not be moved or removed; the others follow, unless it throws. */
  readonly onFailure: (error: unknown, file: string) => Promise<void>;
}

/** Moves files that were replaced aside once nobody reads them any more, and removes them when no backup names them. */
export async function clearReplaced({ leadership, sql, store, rules, onFailure }: CleaningTools): Promise<void> {
  const grace = `${rules.graceUs} microseconds`;
  const replaced = await sql<{ file: string }[]>`
    select file from archive_replaced
     where moved_at is null and replaced_at < fx_clock() - ${grace}::interval
       and file not in (select file from archive_days where file is not null)
     limit ${FILES_PER_STEP}::int`;
  for (const { file } of replaced) {
    leadership.assertHeld();
    try {
      await store.move(file, replacedFile(file)).catch(unlessMissing);
    } catch (error) {
      await onFailure(error, file);
      continue;
    }
    await leadership.transaction(
      (transaction) => transaction`update archive_replaced set moved_at = fx_clock() where file = ${file}`,
    );
  }
  const keep = `${rules.keepUs} microseconds`;
  const old = await sql<{ file: string }[]>`
    select file from archive_replaced where moved_at < fx_clock() - ${keep}::interval limit ${FILES_PER_STEP}::int`;
  for (const { file } of old) {
    leadership.assertHeld();
    try {
      await store.remove(replacedFile(file));
    } catch (error) {
      await onFailure(error, file);
      continue;
    }
    await leadership.transaction((transaction) => transaction`delete from archive_replaced where file = ${file}`);
  }
}

function unlessMissing(error: unknown): void {
  if (!(error instanceof FileMissingError)) throw error;
}

/** Whatever can be listed: a folder that cannot be read ends the list. */
async function* listed(store: ArchiveStore, onFailure: CleaningTools["onFailure"]): AsyncIterable<StoredFile> {
  try {
    yield* store.list(TICKS_FOLDER);
  } catch (error) {
    await onFailure(error, TICKS_FOLDER);
  }
}

/**
 * Removes files that nobody names: what a killed archiver left behind. How old one is the store's own clock says, by the newest list
 * of files; one that is being written is younger.
 *
 * @returns how many
 */
export async function clearUnnamed({ leadership, sql, store, onFailure }: CleaningTools): Promise<number> {
  const current = await store.find(CURRENT_FILE);
  if (current === undefined) return 0;
  const before = current.modifiedMs - UNNAMED_KEPT_MS;
  await store.clearUploads(before);
  let removed = 0;
  for await (const { path, modifiedMs } of listed(store, onFailure)) {
    const name = parseTickFile(path);
    if (name === undefined || modifiedMs >= before) continue;
    const named = await sql`
      select 1 from archive_days where symbol = ${name.symbol} and date = ${name.date}::text::date and file = ${path}
      union all select 1 from archive_replaced where file = ${path}`;
    if (named.length > 0) continue;
    leadership.assertHeld();
    try {
      await store.remove(path);
      removed += 1;
    } catch (error) {
      await onFailure(error, path);
    }
  }
  return removed;
}
