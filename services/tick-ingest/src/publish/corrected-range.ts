import type { Queries } from "@fx-ohlc/database";
import type { SymbolRange, Tick } from "@fx-ohlc/schemas";
import type { LedgerRow } from "../write/commit-ledger.js";
import { type Outgoing, revisionText, tickJson } from "./outgoing.js";

/** Ticks that a correction is told with; where its range holds more, readers have to read it. */
const TICKS_MAX = 1000;

/** What is stored in a corrected range; undefined: more than is told. */
export type StoredRange = readonly Omit<Tick, "symbol">[] | undefined;

/** The same as the database has it, where a price has sides that are null. */
type StoredRow = Pick<Tick, "timeUs" | "seq" | "price"> & { readonly bid: number | null; readonly ask: number | null };

/** Reads a range as it is now. */
export async function readRange(queries: Queries, { symbol, fromUs, toUs }: SymbolRange): Promise<StoredRange> {
  const rows = await queries<StoredRow[]>`
    select time as "timeUs", seq, price, bid, ask
      from ticks
     where symbol = ${symbol} and time >= ${fromUs} and time < ${toUs}
     order by time, seq
     limit ${TICKS_MAX + 1}::int`;
  if (rows.length > TICKS_MAX) return undefined;
  return rows.map((row) => ({ ...row, bid: row.bid ?? undefined, ask: row.ask ?? undefined }));
}

/** Commits of any process that changed something of a range and are not told of yet, but for one of them. */
export async function untoldIn(
  queries: Queries,
  { symbol, fromUs, toUs }: SymbolRange,
  { ingestId, number }: LedgerRow,
): Promise<LedgerRow[]> {
  return queries<LedgerRow[]>`
    select ingest_id as "ingestId", number
      from untold_commits commits
     where symbols @> ${[symbol]}::text[]
       and not (ingest_id = ${ingestId} and number = ${number})
       and exists (
         select 1
           from unnest(commits.symbols, commits.from_time, commits.to_time) as parts(symbol, start, finish)
          where parts.symbol = ${symbol} and start < ${toUs} and finish > ${fromUs})`;
}

/** Those of some commits that are not told of yet. */
export async function stillUntold(queries: Queries, rows: readonly LedgerRow[]): Promise<LedgerRow[]> {
  return queries<LedgerRow[]>`
    select commits.ingest_id as "ingestId", commits.number
      from untold_commits commits
      join unnest(${rows.map(({ ingestId }) => ingestId)}::text[], ${rows.map(({ number }) => number)}::bigint[])
           as asked(ingest_id, number) using (ingest_id, number)`;
}

/** What a range holds, as it is told; of what is too much only that. */
export function ticksText(stored: StoredRange): string {
  return stored === undefined ? "" : `,"ticks":[${stored.map(tickJson).join(",")}]`;
}

/** The message of a corrected range. Its commit's row is another's to delete. */
export function correctionMessage(
  { symbol, fromUs, toUs }: SymbolRange,
  stored: StoredRange,
  about: Required<Pick<Outgoing, "commits" | "incarnation" | "onTold">>,
): Outgoing {
  return {
    ...about,
    isLast: false,
    ticks: stored?.length ?? 0,
    fromUs,
    toUs,
    ...revisionText(symbol, { fromUs, toUs }, "correction", ticksText(stored)),
  };
}
