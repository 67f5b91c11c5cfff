import { type Micros, type TimeRange, US_PER_DAY } from "@fx-ohlc/schemas";
import { inMigrationSession } from "./migration-session.js";
import { type Tell, withoutHoldingUp } from "./migration-steps.js";
import { servedSettings } from "./settings.js";
import type { Sql } from "./sql.js";
import { errorCode, SQL_STATE } from "./sql-state.js";

export interface MergeOptions {
  readonly url: string;
  /** Told what is done and waited for. */
  readonly log?: Tell;
}

/** A chunk of ticks. */
export interface TickChunk extends TimeRange {
  readonly id: number;
  /** With its indexes and what is compressed of it. */
  readonly bytes: number;
}

/** Any number: it only has to be the same in every build. */
const MERGE_LOCK = 5_064_223;
/** Chunks that ended less than so long ago get late ticks all the time, and are left as they are. */
const AT_REST_US = 2 * US_PER_DAY;
/** Copying so much takes 1.5 s, for which everybody waits. A week of 10 million ticks is that, compressed. */
const PIECE_BYTES_MAX = 100_000_000;
/** Between two lines of progress. */
const TELL_EVERY_MS = 2000;

/**
 * Chunks that become one, oldest first: neighbours without a gap, as many as fit. What has been merged already makes no piece
 * of its own, so that a second run goes on where the first one ended.
 *
 * @param chunks oldest first
 */
export function piecesOf(chunks: readonly TickChunk[], lengthUs: Micros): TickChunk[][] {
  const pieces: TickChunk[][] = [];
  let piece: TickChunk[] = [];
  for (const chunk of chunks) {
    const first = piece[0];
    const joins = first !== undefined && piece.at(-1)?.toUs === chunk.fromUs && chunk.toUs - first.fromUs <= lengthUs;
    if (!joins) {
      piece = [];
      pieces.push(piece);
    }
    piece.push(chunk);
  }
  return pieces.filter(({ length }) => length > 1);
}

/**
 * The chunks at rest that were there at the last look of whoever looks after ticks: a merged one that nobody had seen before
 * would be taken for one that a late tick made where others were dropped by hand.
 */
async function chunksAtRest(sql: Sql): Promise<TickChunk[]> {
  const chunks = await sql<TickChunk[]>`
    select id, now.from_time as "fromUs", now.to_time as "toUs", size.total_bytes as bytes
      from tick_chunks_now now
      join _timescaledb_catalog.chunk using (id)
      join chunks_detailed_size('ticks') size on size.chunk_schema = chunk.schema_name and size.chunk_name = chunk.table_name
      join tick_chunks known using (id, from_time, to_time)
      join retention_mark on now.from_time >= whole_from
     where now.to_time <= fx_clock() - make_interval(secs => ${AT_REST_US / 1_000_000})
     order by now.from_time`;
  return [...chunks];
}

/**
 * Everybody waits as long as the piece is copied, at the table itself: who waited for one of its chunks would find it gone after
 * that, and read without its ticks.
 */
async function mergePiece(sql: Sql, piece: readonly TickChunk[], log: Tell): Promise<boolean> {
  const ids = piece.map(({ id }) => id);
  try {
    await withoutHoldingUp(sql, { what: "merging chunks", log }, async (transaction) => {
      await transaction`lock table only ticks in access exclusive mode`;
      const [chunks] = await transaction<{ names: string }[]>`
        select array_agg(format('%I.%I', schema_name, table_name)::regclass order by id)::text as names
          from _timescaledb_catalog.chunk where id = any(${ids}::bigint[])`;
      await transaction`call merge_chunks(${chunks?.names ?? null}::regclass[])`;
    });
    return true;
  } catch (error) {
    const code = errorCode(error);
    if (code !== SQL_STATE.undefinedTable && code !== SQL_STATE.featureNotSupported) throw error;
    log(`${piece.length} chunks stay as they are: ${error instanceof Error ? error.message : code}`);
    return false;
  }
}

/**
 * Merges old chunks of ticks until each holds as many days as new ones do, in pieces, each a transaction of its own that waits
 * for locks for half a second at most. Services go on meanwhile; killed anywhere, it goes on when it is run again.
 *
 * @returns how many chunks are left of how many
 * @throws IncompatibleSchemaError when the schema is another than this build's
 * @throws Error when somebody has held a lock for minutes
 */
export async function mergeChunks({ url, log = () => {} }: MergeOptions): Promise<void> {
  await inMigrationSession({ url, lock: MERGE_LOCK, log }, async (sql) => {
    const settings = await servedSettings(sql);
    if (settings.get("engine") !== "timescaledb")
      return log("ticks are in one table on plain PostgreSQL: nothing to merge");
    const lengthUs = Number(settings.get("chunk_days")) * US_PER_DAY;
    const wanted = piecesOf(await chunksAtRest(sql), lengthUs);
    const pieces = wanted.filter((piece) => piece.reduce((sum, { bytes }) => sum + bytes, 0) <= PIECE_BYTES_MAX);
    const tooLarge = wanted.length - pieces.length;
    if (tooLarge > 0) log(`${tooLarge} pieces of more than 100 MB are left until their chunks are compressed`);
    let toldAtMs = performance.now();
    let merged = 0;
    for (const [index, piece] of pieces.entries()) {
      if (await mergePiece(sql, piece, log)) merged += piece.length - 1;
      if (performance.now() - toldAtMs < TELL_EVERY_MS) continue;
      log(`merged ${index + 1} of ${pieces.length} pieces`);
      toldAtMs = performance.now();
    }
    const [left] = await sql<{ count: number }[]>`select count(*) as count from tick_chunks_now`;
    log(`${merged} chunks were merged into others: ${left?.count} are left`);
  });
}
