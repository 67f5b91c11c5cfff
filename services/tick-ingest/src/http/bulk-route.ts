import type { IncomingMessage } from "node:http";
import { INGEST_ROUTES } from "@fx-ohlc/contract";
import { databaseProblem } from "@fx-ohlc/database";
import type { TickRules, TimeUnit } from "@fx-ohlc/schemas";
import { type Handler, Problem, type ProblemOptions, sendJson, spanOf } from "@fx-ohlc/service-kit";
import type { Feeds } from "../feeds/feeds.js";
import { hearingOf } from "../feeds/named-feed.js";
import type { GroupCommit } from "../write/group-commit.js";
import { BODIES } from "./body-budget.js";
import { type BodyForm, bodyForm } from "./body-form.js";
import { postBulkJson, storedMessage } from "./bulk-json.js";
import { BulkStream, type BulkStreamOptions, type StreamResult } from "./bulk-stream.js";
import { CsvFormat, NdjsonFormat } from "./line-formats.js";
import { invalidTicks, refusedTicks } from "./refusals.js";
import { StreamedBody } from "./streamed-body.js";

/** While nothing comes of a body, it is looked so often whether a row of it has waited for long enough. */
const TICK_MS = 200;

type PostTicks = typeof INGEST_ROUTES.postTicks;
const ACCEPTED = { mediaTypes: Object.keys(INGEST_ROUTES.postTicks.body), gzip: true };

/** `POST /ticks/bulk`: a JSON array, or lines of NDJSON or CSV streamed for as long as the sender likes. */
export function postBulk(commits: GroupCommit, rulesNow: () => TickRules, feeds: Feeds): Handler<PostTicks> {
  return async (req, res, { query: { on_error = "stop", time_unit }, caller }) => {
    const form = bodyForm(req, ACCEPTED);
    const hear = hearingOf(req, caller, feeds);
    const rules = inUnit(rulesNow, time_unit);
    if (form.mediaType === "application/json") {
      return postBulkJson(req, res, form, { commits, rules: rules(), caller, hear });
    }
    const format = form.mediaType === "text/csv" ? new CsvFormat(rules) : new NdjsonFormat(rules);
    const result = await storeLines(
      req,
      form,
      { commits, format, onError: on_error, rules, caller, hear, span: spanOf(res) },
      invalidTicks,
    );
    const { created, duplicates, lines, rejected, rejectedCount } = result;
    const summary = { created, duplicates, lines, message: storedMessage(created, duplicates) };
    sendJson(res, 201, rejectedCount === 0 ? summary : { ...summary, rejected: rejectedCount, errors: rejected });
  };
}

/** Rules by which times may be numbers. */
function inUnit(rules: () => TickRules, timeUnit: TimeUnit | undefined): () => TickRules {
  return timeUnit === undefined ? rules : () => ({ ...rules(), timeUnit });
}

/** What a line that is none is refused with. */
type RefuseLine = (errors: StreamResult["rejected"], options: ProblemOptions) => Problem;

/**
 * Stores the lines of a body as they come.
 *
 * @throws Problem with what was stored before it
 */
export async function storeLines(
  req: IncomingMessage,
  form: BodyForm,
  options: Omit<BulkStreamOptions, "room">,
  refuse: RefuseLine,
): Promise<StreamResult> {
  const body = new StreamedBody(req, form, BODIES, TICK_MS);
  const bulk = new BulkStream({ ...options, room: body.share });
  try {
    await bulk.read(body);
  } catch (error) {
    throw withProgress(error, bulk.result);
  } finally {
    body.share.close();
  }
  const { created, duplicates, lines, rejected, stop } = bulk.result;
  if (stop === undefined) return bulk.result;
  const extensions = { line: stop.line, created, duplicates, lines };
  throw stop.refusals.length > 0
    ? refusedTicks(rejected, stop.refusals, { extensions })
    : refuse(rejected, { extensions });
}

/** Lets a sender that must try again later know where to go on. */
function withProgress(error: unknown, { created, duplicates, lines }: StreamResult): unknown {
  const problem = error instanceof Problem ? error : databaseProblem(error);
  if (problem === undefined) return error;
  const { code, detail, errors, retryAfterS } = problem;
  const retry = retryAfterS === undefined ? {} : { retryAfterS };
  return new Problem(code, detail, { errors, ...retry, cause: error, extensions: { created, duplicates, lines } });
}
