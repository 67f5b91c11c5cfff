import type { IncomingMessage } from "node:http";
import { FIRST_BUCKET_US, LIMIT_DEFAULT, type RevisionsQuery } from "@fx-ohlc/schemas";
import { pageLink } from "@fx-ohlc/service-kit";
import { bodyMaker } from "../formats/table-body.js";
import { readRevisions, revisionTable } from "../revisions.js";
import { type Answer, textAnswer } from "./answer.js";
import type { BarSources } from "./bar-answer.js";
import { CONTENT_TYPES } from "./media-type.js";
import { outputOf } from "./output.js";
import { clampInstant } from "./ranges.js";

/** `GET /revisions`. */
export async function getRevisions(
  { reader, caller }: BarSources,
  req: IncomingMessage,
  query: RevisionsQuery,
): Promise<Answer> {
  const output = outputOf(req, query);
  const { symbol, start, end, since = FIRST_BUCKET_US, limit = LIMIT_DEFAULT, after = 0 } = query;
  const range = {
    ...{ symbol, fromUs: clampInstant(start), toUs: end === undefined ? reader.nowUs() : clampInstant(end) },
    // One more than is answered shows whether there is another page.
    ...{ sinceUs: clampInstant(since), after, rowsMax: limit + 1 },
  };
  const read = async () => {
    const revisions = await readRevisions(reader, range);
    const page = revisions.slice(0, limit);
    caller.quota?.spend("rows_per_second", page.length);
    const last = String(page.at(-1)?.id ?? after);
    const link = revisions.length > limit ? pageLink(req, "next", { after: last }) : undefined;
    const body = await bodyMaker([revisionTable(symbol, page)], output);
    return {
      rows: page.length,
      make: () => textAnswer({ body: body(), contentType: CONTENT_TYPES[output.format], link }),
    };
  };
  return { rowsMax: limit, read };
}
