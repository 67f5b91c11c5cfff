import { type ArchiveStore, makeDataset, readDataset } from "@fx-ohlc/archive";
import type { Sql } from "../sql.js";
import { takeOver } from "./writer.js";

/**
 * Makes a dataset for a database that has none, in a place where there is none. Done again, it says that from now on this database
 * writes there, and none that it is a copy of, or that is a copy of it.
 *
 * @param isOnlyMade who writes there stays as it is
 * @throws Error where the place has another database's dataset, or this database's is missing there
 */
export async function initArchive(
  sql: Sql,
  store: ArchiveStore,
  log: (line: string) => void,
  isOnlyMade = false,
): Promise<void> {
  const [known] = await sql<{ id: string }[]>`select value as id from settings where key = 'archive_dataset'`;
  const found = await readDataset(store);
  if (known !== undefined && found?.id === known.id) {
    log(`${store.url} holds this database's dataset ${known.id} already`);
    if (!isOnlyMade && (await takeOver(sql, store))) log("from now on this database alone may write there");
    return;
  }
  if (known !== undefined) {
    const there = found === undefined ? "no dataset" : `another one, ${found.id}`;
    throw new Error(
      `this database's dataset is ${known.id}, and ${store.url} holds ${there}: is the right volume mounted?`,
    );
  }
  if (found !== undefined)
    throw new Error(
      `${store.url} holds the dataset ${found.id} of another database (fx-migrate rebuild fills an empty one from it)`,
    );
  const { id } = await makeDataset(store, new Date());
  await sql`insert into settings (key, value) values ('archive_dataset', ${id})`;
  await takeOver(sql, store);
  log(`made the dataset ${id} at ${store.url}`);
}
