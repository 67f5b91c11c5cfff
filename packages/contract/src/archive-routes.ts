import { ArchiveJson, ArchiveQuery } from "@fx-ohlc/schemas";
import { declareRoutes, listOf } from "@fx-ohlc/service-kit";

/** What is told of the archive; tick-ingest tells it. */
export const ARCHIVE_ROUTES = declareRoutes({
  getArchive: {
    tag: "ticks",
    method: "GET",
    path: "/archive",
    access: "ops",
    summary: "What of the ticks is archived",
    description: "By symbol; more than `limit` rows are paged: follow `Link`. Without an archive there are no rows.",
    queryDto: ArchiveQuery,
    answers: {
      200: {
        description: "Symbols that have archived days, or days that wait to be.",
        content: { "application/json": listOf(ArchiveJson) },
        headers: { Link: "sometimes", "Cache-Control": "always" },
      },
    },
    problems: ["malformed", "invalid", "unavailable"],
  },
});
