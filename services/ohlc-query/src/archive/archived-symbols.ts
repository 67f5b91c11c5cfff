import { likePatterns } from "@fx-ohlc/access";
import type { Micros } from "@fx-ohlc/schemas";
import type { Reader } from "../reader.js";

/** What of a symbol is in the archive. */
export interface ArchivedSymbol {
  readonly symbol: string;
  /** Null where no day is archived yet. */
  readonly fromUs: Micros | null;
  readonly toUs: Micros | null;
  readonly days: number;
  readonly ticks: number;
  readonly bytes: number;
  readonly behindDays: number;
  /** The end of the last day whose ticks are in its file alone; null where none is. */
  readonly droppedToUs: Micros | null;
}

/** Some symbols that follow one another by name. */
interface ArchivePage {
  readonly after: string;
  readonly limit: number;
  /** And are covered by one of these patterns; undefined: all are. */
  readonly patterns: readonly string[] | undefined;
}

/** A day is behind when its ticks are of another version than those that were archived last. */
const STATEMENT = `
  select symbol, (min(date) filter (where file is not null))::timestamp at time zone 'UTC' as "fromUs",
         (max(date) filter (where file is not null) + 1)::timestamp at time zone 'UTC' as "toUs",
         (max(date) filter (where dropped_at is not null) + 1)::timestamp at time zone 'UTC' as "droppedToUs",
         count(file) as days, coalesce(sum(ticks), 0)::bigint as ticks, coalesce(sum(bytes), 0)::bigint as bytes,
         count(*) filter (where version is distinct from archived) as "behindDays"
    from archive_versions
    full join archive_days using (symbol, date)
   where symbol > $1 and symbol like any ($2::text[])
   group by symbol
   order by symbol
   limit $3`;

/** By the names of symbols. */
export function readArchived(
  reader: Reader,
  { after, limit, patterns }: ArchivePage,
): Promise<readonly ArchivedSymbol[]> {
  const parameters = [after, likePatterns(patterns), limit];
  return reader.read((sql) => sql.unsafe<ArchivedSymbol[]>(STATEMENT, parameters, { prepare: true }));
}
