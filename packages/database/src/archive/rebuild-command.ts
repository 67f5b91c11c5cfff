import { readEnv } from "@fx-ohlc/service-kit";
import { mergeOptions } from "../migrate-options.js";
import { inMigrationSession } from "../migration-session.js";
import { rebuild } from "./rebuild.js";
import { openArchive, readArchivePlace } from "./store-options.js";

/** Any number: two of them at once would store everything twice. */
const REBUILD_LOCK = 5_064_231;

/** `fx-migrate rebuild`: fills an empty database from the archive at `ARCHIVE_URL`. */
export async function rebuildCommand(env: NodeJS.ProcessEnv, log: (line: string) => void): Promise<void> {
  const options = readEnv(env, (reader) => ({ ...mergeOptions(reader), ...readArchivePlace(reader) }));
  const store = await openArchive(options);
  try {
    const { url } = options;
    await inMigrationSession({ url, lock: REBUILD_LOCK, log }, (sql) => rebuild({ url, sql, store, log }));
  } finally {
    await store.close();
  }
}
