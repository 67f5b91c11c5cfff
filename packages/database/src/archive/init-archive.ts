import { type ArchiveStore, makeDataset, readDataset } from "@fx-ohlc/archive";
import type { Sql } from "../sql.js";

/**
 * Makes a dataset for a database that has none, in a place where there is none. Doing it again changes nothing.
 *
 * @throws Error where the place has another database's dataset, or this database's is missing there
 */
export async function initArchive(sql: Sql, store: ArchiveStore, log: (line: string) => void): Promise<void> {
  const [known] = await sql<{ id: string }[]>`select value as id from settings where key = 'archive_dataset'`;
  const found = await readDataset(store);
  if (known !== undefined && found?.id === known.id) {
    log(`${store.url} holds this database's dataset ${known.id} already`);
    return;
  }
  if (known !== undefined) {
    const there = found === undefined ? "no dataset" : `another one, ${found.id}`;
    throw new Error(
      `this database's dataset is ${known.id}, and ${store.url} holds ${there}: is the right volume mounted?`,
    );
  }
  if (found !== undefined) throw new Error(`${store.url} holds the dataset ${found.id} of another database`);
  const { id } = await makeDataset(store, new Date());
  await sql`insert into settings (key, value) values ('archive_dataset', ${id})`;
  log(`made the dataset ${id} at ${store.url}`);
}
