import { randomBytes } from "node:crypto";
import { type ArchiveStore, readWriterMark, type WriterMark, writeWriterMark } from "@fx-ohlc/archive";
import type { Queries, Sql, Transaction } from "../sql.js";

/** How often a database that writes to a dataset marks it anew: a copy of its disks that is older than this is known by it. */
export const MARK_EVERY_MS = 3_600_000;
/** A key of `settings`: the tokens that this database drew last. */
const DRAWN = "archive_writer";
/** More than one counts: an archiver that was frozen may write an older one late. */
const DRAWN_MAX = 8;

/**
 * Why a database must not write to a dataset that holds its id: another one does, which it is a copy of, or which is a copy of it. A
 * dump that was restored is another database; a copy of the disks is not, and draws other tokens.
 *
 * @returns null where it may
 */
export async function whyNotWriter(sql: Queries, store: ArchiveStore): Promise<string | null> {
  const mark = await readWriterMark(store);
  if (mark === undefined) return null;
  const [database, drawn] = [await databaseOf(sql), await drawnBy(sql)];
  if (mark.database === database && drawn.includes(mark.token)) return null;
  const who =
    mark.database === database ? "a copy of this database, or this one before it was restored," : "another database";
  return `${who} writes to ${store.url}: run fx-migrate archive --init if only this one shall from now on`;
}

/** Marks a dataset as this database's, in steps that can be interrupted anywhere. */
export async function markWriter(
  begin: <T>(work: (transaction: Transaction) => Promise<T>) => Promise<T>,
  store: ArchiveStore,
): Promise<void> {
  const before = await readWriterMark(store);
  const mark = await begin(async (transaction): Promise<WriterMark> => {
    const token = randomBytes(8).toString("hex");
    const known = await drawnBy(transaction);
    // What stands there is known for as long as nothing could be written over it.
    const there = known.filter((each) => each === before?.token);
    const drawn = [...new Set([...there, ...known.slice(1 - DRAWN_MAX), token])];
    await transaction`
      insert into settings (key, value) values (${DRAWN}, ${drawn.join(" ")})
          on conflict (key) do update set value = excluded.value`;
    return { database: await databaseOf(transaction), token };
  });
  await writeWriterMark(store, mark);
}

/** @returns whether another database was in the way */
export async function takeOver(sql: Sql, store: ArchiveStore): Promise<boolean> {
  const isTaken = (await whyNotWriter(sql, store)) !== null;
  await markWriter(
    async (work) => (await sql.begin(async (transaction) => ({ value: await work(transaction) }))).value,
    store,
  );
  return isTaken;
}

async function drawnBy(sql: Queries): Promise<string[]> {
  const [row] = await sql<{ value: string }[]>`select value from settings where key = ${DRAWN}`;
  return row === undefined ? [] : row.value.split(" ");
}

async function databaseOf(sql: Queries): Promise<string> {
  const [row] = await sql<{ database: string }[]>`
    select system_identifier || ' ' || (select oid from pg_database where datname = current_database()) as database
      from pg_control_system()`;
  return row?.database ?? "";
}
