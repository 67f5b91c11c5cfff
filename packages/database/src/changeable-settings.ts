import type { Engine } from "./settings.js";
import { settingsOf } from "./settings.js";
import type { Transaction } from "./sql.js";

/** What `fx-migrate` may change whenever it runs. What is left out keeps the value that is recorded in the database. */
export interface ChangeableSettings {
  /** Chunks older than this are compressed (TimescaleDB); 0 never. */
  readonly compressionAfterDays?: number | undefined;
  /** Chunks made from now on hold so many days (TimescaleDB), 1 to 31. */
  readonly chunkDays?: number | undefined;
  /** Raw ticks older than this are dropped; 0 keeps them for ever. */
  readonly retentionDays?: number | undefined;
  /** The same where it is left out and none is recorded: in a new database. */
  readonly initialRetentionDays?: number | undefined;
  /** Seconds between two refreshes of each level of bars (TimescaleDB). */
  readonly refreshIntervals?: { readonly [interval in "minute" | "hour" | "day"]?: number | undefined } | undefined;
}

/** Each with its key in the database and its value in a new one. */
const SETTINGS = {
  keep_ticks_days: { variable: "RETENTION_DAYS", first: 0, of: (wanted) => wanted.retentionDays },
  compression_after_days: {
    variable: "COMPRESSION_AFTER_DAYS",
    first: 7,
    of: (wanted) => wanted.compressionAfterDays,
  },
  chunk_days: { variable: "CHUNK_DAYS", first: 7, of: (wanted) => wanted.chunkDays },
  refresh_minute_interval_s: {
    variable: "REFRESH_MINUTE_INTERVAL_S",
    first: 5,
    of: (wanted) => wanted.refreshIntervals?.minute,
  },
  refresh_hour_interval_s: {
    variable: "REFRESH_HOUR_INTERVAL_S",
    first: 30,
    of: (wanted) => wanted.refreshIntervals?.hour,
  },
  refresh_day_interval_s: {
    variable: "REFRESH_DAY_INTERVAL_S",
    first: 300,
    of: (wanted) => wanted.refreshIntervals?.day,
  },
} as const satisfies Record<
  string,
  { variable: string; first: number; of: (wanted: ChangeableSettings) => number | undefined }
>;

export type ChangeableKey = keyof typeof SETTINGS;

// Object.keys of a literal gives its keys.
const KEYS = Object.keys(SETTINGS) as ChangeableKey[];

function firstOf(key: ChangeableKey, { initialRetentionDays }: ChangeableSettings): number {
  return key === "keep_ticks_days" && initialRetentionDays !== undefined ? initialRetentionDays : SETTINGS[key].first;
}

/**
 * Records the settings that are given, and tells of each that is another one than before.
 *
 * @returns all of them as they are recorded now
 */
export async function recordSettings(
  transaction: Transaction,
  engine: Engine,
  wanted: ChangeableSettings,
  log: (line: string) => void,
): Promise<Record<ChangeableKey, number>> {
  const recorded = await settingsOf(transaction);
  const values = KEYS.map((key): [ChangeableKey, number] => {
    const { variable, of } = SETTINGS[key];
    const before = recorded.get(key);
    const value = of(wanted) ?? (before === undefined ? firstOf(key, wanted) : Number(before));
    if (before !== undefined && Number(before) !== value) log(`${variable} is ${value} from now on (it was ${before})`);
    return [key, value];
  });
  const settings = Object.fromEntries(values) as Record<ChangeableKey, number>;
  // First-version services go by retention_days. A trigger sees to it that it never grows.
  const told = engine === "timescaledb" ? { ...settings, retention_days: settings.keep_ticks_days } : settings;
  await transaction`
    insert into settings (key, value)
    select * from unnest(${Object.keys(told)}::text[], ${Object.values(told).map(String)}::text[])
    on conflict (key) do update set value = excluded.value`;
  return settings;
}
