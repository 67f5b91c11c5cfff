import type { IncomingMessage, ServerResponse } from "node:http";
import { INGEST_ROUTES } from "@fx-ohlc/contract";
import { databaseProblem } from "@fx-ohlc/database";
import type { TickRules } from "@fx-ohlc/schemas";
import { type Handler, Problem, sendJson } from "@fx-ohlc/service-kit";
import type { GroupCommit } from "../write/group-commit.js";
import { postBulkJson, storedMessage } from "./bulk-json.js";
import { BulkStream, type StreamResult } from "./bulk-stream.js";
import { CsvFormat, NdjsonFormat } from "./line-formats.js";
import { invalidTicks, refusedTicks } from "./refusals.js";
import { mediaType, requireMediaType } from "./request-body.js";

/** A sender that is silent for so long is gone. */
const IDLE_TIMEOUT_MS = 60_000;

type PostTicks = typeof INGEST_ROUTES.postTicks;
const MEDIA_TYPES = Object.keys(INGEST_ROUTES.postTicks.body);

/** `POST /ticks/bulk`: a JSON array, or lines of NDJSON or CSV streamed for as long as the sender likes. */
export function postBulk(commits: GroupCommit, rules: () => TickRules): Handler<PostTicks> {
  return async (req, res, { query: { on_error = "stop" }, caller }) => {
    requireMediaType(req, MEDIA_TYPES);
    const type = mediaType(req);
    if (type === "application/json") return postBulkJson(req, res, commits, rules(), caller);
    req.setTimeout(IDLE_TIMEOUT_MS, () => req.destroy());
    const format = type === "text/csv" ? new CsvFormat(rules) : new NdjsonFormat(rules);
    await stream(new BulkStream({ commits, format, onError: on_error, rules, caller }), req, res);
  };
}

async function stream(bulk: BulkStream, req: IncomingMessage, res: ServerResponse): Promise<void> {
  try {
    // A stream that was destroyed midway would read nothing any more, and neither would the connection.
    await bulk.read(req.iterator({ destroyOnReturn: false }));
  } catch (error) {
    throw withProgress(error, bulk.result);
  }
  const { created, duplicates, lines, rejected, rejectedCount, stop } = bulk.result;
  if (stop !== undefined) {
    const extensions = { line: stop.line, created, duplicates, lines };
    throw stop.refusals.length > 0
      ? refusedTicks(rejected, stop.refusals, { extensions })
      : invalidTicks(rejected, { extensions });
  }
  const summary = { created, duplicates, lines, message: storedMessage(created, duplicates) };
  sendJson(res, 201, rejectedCount === 0 ? summary : { ...summary, rejected: rejectedCount, errors: rejected });
}

/** Lets a sender that must try again later know where to go on. */
function withProgress(error: unknown, { created, duplicates, lines }: StreamResult): unknown {
  const problem = error instanceof Problem ? error : databaseProblem(error);
  if (problem === undefined) return error;
  const { code, detail, errors, retryAfterS } = problem;
  const retry = retryAfterS === undefined ? {} : { retryAfterS };
  return new Problem(code, detail, { errors, ...retry, cause: error, extensions: { created, duplicates, lines } });
}
