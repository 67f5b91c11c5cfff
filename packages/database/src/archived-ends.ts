import type { Micros } from "@fx-ohlc/schemas";
import type { Queries } from "./sql.js";

/** The first and the last tick of a symbol among those that are in the archive and nowhere else. */
export interface ArchivedEnds {
  readonly firstUs: Micros;
  readonly lastUs: Micros;
}

/** Of those that have any: two probes each, and none where nothing is archived. */
export async function readArchivedEnds(
  sql: Queries,
  symbols: readonly string[],
): Promise<ReadonlyMap<string, ArchivedEnds>> {
  const rows = await sql.unsafe<(ArchivedEnds & { readonly symbol: string })[]>(
    `select wanted as symbol, earliest.first as "firstUs", latest.last as "lastUs"
       from unnest($1::text[]) as wanted
      cross join lateral (select first from archive_days
                           where symbol = wanted and dropped_at is not null and ticks > 0 order by date limit 1) earliest
      cross join lateral (select last from archive_days
                           where symbol = wanted and dropped_at is not null and ticks > 0 order by date desc limit 1) latest
      where exists (select from settings where key = 'archive_url' and value <> 'none')`,
    [[...symbols]],
    { prepare: true },
  );
  return new Map(rows.map(({ symbol, firstUs, lastUs }) => [symbol, { firstUs, lastUs }]));
}
