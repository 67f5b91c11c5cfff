import type { IncomingMessage } from "node:http";
import { type ArchiveQuery, formatTime, LIMIT_DEFAULT } from "@fx-ohlc/schemas";
import { type Caller, pageLink } from "@fx-ohlc/service-kit";
import { type ArchivedSymbol, readArchived } from "../archive/archived-symbols.js";
import { column, type Table, timeColumn } from "../formats/table.js";
import { bodyMaker } from "../formats/table-body.js";
import { type Answer, textAnswer } from "./answer.js";
import type { BarSources } from "./bar-answer.js";
import { CONTENT_TYPES } from "./media-type.js";
import { outputOf } from "./output.js";

function archiveTable(rows: readonly ArchivedSymbol[]): Table {
  const of = <Name extends keyof ArchivedSymbol>(name: string, field: Name) =>
    column(
      name,
      rows.map((row) => row[field]),
    );
  const time = (name: string, field: "fromUs" | "toUs" | "droppedToUs") =>
    timeColumn(name, (row) => rows[row]?.[field] ?? null, formatTime);
  return {
    rows: rows.length,
    columns: [
      { ...of("symbol", "symbol"), words: rows.map(({ symbol }) => symbol) },
      ...[time("from", "fromUs"), time("to", "toUs")],
      ...[of("days", "days"), of("ticks", "ticks"), of("bytes", "bytes"), of("behind_days", "behindDays")],
      time("dropped_to", "droppedToUs"),
    ],
  };
}

/** `GET /archive`. */
export async function getArchive(
  { reader }: BarSources,
  req: IncomingMessage,
  query: ArchiveQuery,
  { symbols: patterns, quota }: Caller,
): Promise<Answer> {
  const output = outputOf(req, query);
  const { limit = LIMIT_DEFAULT, after = "" } = query;
  const contentType = CONTENT_TYPES[output.format];
  const read = async () => {
    // One more than is answered shows whether there is another page.
    const rows = await readArchived(reader, { after, limit: limit + 1, patterns });
    const page = rows.slice(0, limit);
    quota?.spend("rows_per_second", page.length);
    const link = rows.length > limit ? pageLink(req, "next", { after: page.at(-1)?.symbol ?? "" }) : undefined;
    const body = await bodyMaker([archiveTable(page)], output);
    return { rows: page.length, make: () => textAnswer({ body: body(), contentType, link }) };
  };
  return { rowsMax: limit, read };
}
