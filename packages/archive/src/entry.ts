import type { Micros } from "@fx-ohlc/schemas";

/** What the archive holds of one symbol and UTC day: a row of `archive_days`. */
export interface ArchiveEntry {
  readonly symbol: string;
  /** The UTC day, such as `2025-12-05`. */
  readonly date: string;
  /** Grows with each file of the day. */
  readonly n: number;
  /** From the dataset's root; null: the day has no ticks, and no file. */
  readonly file: string | null;
  /** The day's version when these were its ticks; 0 where it had none. */
  readonly ticksVersion: number;
  readonly ticks: number;
  /** Of the first and the last tick. */
  readonly firstUs: Micros | null;
  readonly lastUs: Micros | null;
  /** SHA-256 of the rows, however they are coded; hexadecimal. */
  readonly rowsChecksum: string;
  /** Of the file; null without one. */
  readonly fileSha256: string | null;
  readonly bytes: number;
  readonly verifiedUs: Micros;
  /**
   * Since then the file is all there is of these ticks. As long as it is null they are in the table, whatever the retention mark
   * says: it is set in the transaction that drops them (on plain PostgreSQL in the one that begins to).
   */
  readonly droppedUs: Micros | null;
}

/** A line of `_current.parquet`: a file that counts. */
export interface CurrentFile extends Pick<ArchiveEntry, "symbol" | "date" | "ticks"> {
  readonly path: string;
  /** SHA-256 of the file. */
  readonly checksum: string;
}

/** What `archive_days` is read by, as columns of {@link ArchiveEntry}. */
export const ENTRY_COLUMNS = `
  symbol, date::text as date, n, file, ticks_version as "ticksVersion", ticks, first as "firstUs", last as "lastUs",
  rows_checksum as "rowsChecksum", file_sha256 as "fileSha256", bytes, verified_at as "verifiedUs", dropped_at as "droppedUs"`;
