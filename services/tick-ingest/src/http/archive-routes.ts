import type { INGEST_ROUTES } from "@fx-ohlc/contract";
import { type Database, inSession } from "@fx-ohlc/database";
import type { ArchiveJson } from "@fx-ohlc/schemas";
import { type Handlers, pageLink, sendJson } from "@fx-ohlc/service-kit";

const PAGE_DEFAULT = 1000;

/** `GET /archive`. */
export function archiveHandlers({
  database,
}: {
  readonly database: Database;
}): Pick<Handlers<typeof INGEST_ROUTES>, "getArchive"> {
  return {
    getArchive: async (req, res, { query, caller }) => {
      const { symbol, after, limit = PAGE_DEFAULT } = query;
      // One more than is answered shows whether there is another page.
      const rows = await readArchive(database, { symbol, after, limit: limit + 1 });
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      const isMore = rows.length > limit && last !== undefined;
      const link = isMore ? { Link: pageLink(req, "next", { after: last.symbol }) } : {};
      const seen = page.filter((row) => caller.maySee(row.symbol));
      sendJson(res, 200, seen, { "Cache-Control": "no-store", ...link });
    },
  };
}

interface ArchivePage {
  readonly symbol: string | undefined;
  readonly after: string | undefined;
  readonly limit: number;
}

function readArchive(database: Database, { symbol, after, limit }: ArchivePage): Promise<ArchiveJson[]> {
  return database.whileAvailable(async () =>
    inSession(
      database.sql,
      (sql) => sql<ArchiveJson[]>`
        select symbol, (min(day.date) filter (where day.ticks > 0))::text as "from",
               (max(day.date) filter (where day.ticks > 0))::text as "to",
               count(*) filter (where day.ticks > 0) as days, coalesce(sum(day.ticks), 0)::bigint as ticks,
               coalesce(sum(day.bytes), 0)::bigint as bytes,
               count(*) filter (where known.version is distinct from known.archived and day.dropped_at is null) as behind_days
          from archive_versions known
          left join archive_days day using (symbol, date)
         where (${symbol ?? null}::text is null or symbol = ${symbol ?? null}::text)
           and (${after ?? null}::text is null or symbol > ${after ?? null}::text)
         group by symbol
         order by symbol
         limit ${limit}::int`,
    ),
  );
}
