import { guardedBars, guardedPosts, manyKeys } from "./access.js";
import { archiveRows } from "./archive.js";
import { archiverRows } from "./archiver.js";
import { bulkIngest, lineRows, manySymbols, quotes } from "./bulk-ingest.js";
import { fanOut } from "./fan-out.js";
import { idle } from "./idle.js";
import { liveBars } from "./live-bars.js";
import { manyBarsRows } from "./many-bars.js";
import { minuteBars } from "./minute-bars.js";
import type { Row } from "./row.js";
import { singlePost } from "./single-post.js";
import { stalled } from "./stalled.js";
import { storedSymbols } from "./stored-symbols.js";
import { tickToClient } from "./tick-to-client.js";

/** In the table's order; `bars` reads what `bulk` has stored. */
export const ALL_ROWS: readonly Row[] = [
  manySymbols,
  quotes,
  ...lineRows,
  bulkIngest,
  singlePost,
  storedSymbols,
  minuteBars,
  ...manyBarsRows,
  guardedPosts,
  guardedBars,
  manyKeys,
  fanOut,
  liveBars,
  idle,
  tickToClient,
  stalled,
  ...archiveRows,
  ...archiverRows,
];

/** @throws Error when a name is not a row's */
export function rowsNamed(names: readonly string[] | undefined): readonly Row[] {
  const unknown = names?.find((name) => !ALL_ROWS.some((row) => row.name === name));
  if (unknown !== undefined) {
    throw new Error(`there is no row "${unknown}": choose from ${ALL_ROWS.map((row) => row.name).join(", ")}`);
  }
  return ALL_ROWS.filter((row) => names?.includes(row.name) ?? true);
}
