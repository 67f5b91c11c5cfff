import { likePatterns } from "@fx-ohlc/access";
import type { Micros } from "@fx-ohlc/schemas";
import type { Reader } from "../reader.js";

/** What of a symbol is in the archive. */
export interface ArchivedSymbol {
  readonly symbol: string;
  readonly fromUs: Micros;
  readonly toUs: Micros;
  readonly days: number;
  readonly ticks: number;
  readonly bytes: number;
  readonly behindDays: number;
}

/** Some symbols that follow one another by name. */
interface ArchivePage {
  readonly after: string;
  readonly limit: number;
  /** And are covered by one of these patterns; undefined: all are. */
  readonly patterns: readonly string[] | undefined;
}

/** A day is behind when its version is another one than that of the ticks in its file. */
const STATEMENT = `
  select entered.symbol, first_day::timestamp at time zone 'UTC' as "fromUs",
         (last_day + 1)::timestamp at time zone 'UTC' as "toUs", days, ticks, bytes,
         (select count(*)
            from archive_versions
            left join archive_days using (symbol, date)
           where archive_versions.symbol = entered.symbol and dropped_at is null
             and version is distinct from ticks_version) as "behindDays"
    from (select symbol, min(date) as first_day, max(date) as last_day,
                 count(*) filter (where file is not null) as days,
                 sum(ticks)::bigint as ticks, sum(bytes)::bigint as bytes
            from archive_days
           where symbol > $1 and symbol like any ($2::text[])
           group by symbol
           order by symbol
           limit $3) entered
   order by entered.symbol`;

/** By the names of symbols. */
export function readArchived(
  reader: Reader,
  { after, limit, patterns }: ArchivePage,
): Promise<readonly ArchivedSymbol[]> {
  const parameters = [after, likePatterns(patterns), limit];
  return reader.read((sql) => sql.unsafe<ArchivedSymbol[]>(STATEMENT, parameters, { prepare: true }));
}
