import { US_PER_DAY, US_PER_HOUR, US_PER_MINUTE } from "@fx-ohlc/schemas";

/** When days are archived, and how long what they replace is kept. All times in microseconds. */
export interface ArchiveRules {
  /** A day is archived so many days after its end. */
  readonly afterDays: number;
  /** Of all days together; 0: as many as come. */
  readonly rowsPerSecond: number;
  /** A day that was archived is archived again when nothing has changed for so long, */
  readonly settledUs: number;
  /** and no more often than this. */
  readonly againUs: number;
  /** A replaced file stays where it was for so long, for those who began to read it, */
  readonly graceUs: number;
  /** and aside for so long. */
  readonly keepUs: number;
  /** A day counts as ended so long after it has: by then no clock says otherwise. */
  readonly endedUs: number;
  /** Before a day is dropped its file is read once more, unless that was done since. */
  readonly provedUs: number;
  /** How often files are looked for that nobody names. */
  readonly sweepUs: number;
}

export const ARCHIVE_RULES: ArchiveRules = {
  afterDays: 2,
  rowsPerSecond: 20_000,
  settledUs: 10 * US_PER_MINUTE,
  againUs: US_PER_HOUR,
  graceUs: 24 * US_PER_HOUR,
  keepUs: 35 * US_PER_DAY,
  endedUs: 15 * US_PER_MINUTE,
  provedUs: US_PER_DAY,
  sweepUs: 6 * US_PER_HOUR,
};

/** Days that are archived at a time: small ones wait for the store most of the time. */
export const DAYS_AT_A_TIME = 8;
/** A file that nobody names is removed when it is so old by the store's clock. */
export const UNNAMED_KEPT_MS = 24 * 3_600_000;
/** The archive's office: one process archives at a time. */
export const ARCHIVE_OFFICE = { lock: 5_064_227, table: "archive_state" } as const;
/** Who archives by hand says so for so long at a time. */
export const BY_HAND_S = 30;
