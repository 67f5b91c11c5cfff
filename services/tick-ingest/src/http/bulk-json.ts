import type { IncomingMessage, ServerResponse } from "node:http";
import { checkTick, type FieldError, type NewTick, readPlainTicks, type TickRules } from "@fx-ohlc/schemas";
import { type Caller, LoopTurns, Problem, requireSymbols, sendJson, spanOf } from "@fx-ohlc/service-kit";
import type { HearTicks } from "../feeds/named-feed.js";
import type { GroupCommit } from "../write/group-commit.js";
import { COMMIT_SYMBOLS_MAX, symbolsOf } from "../write/request-symbols.js";
import type { BodyForm } from "./body-form.js";
import { ERRORS_LISTED_MAX, invalidTicks, refusalError, refusedTicks } from "./refusals.js";
import { parseJson, readBody } from "./request-body.js";

const BODY_BYTES_MAX = 10 * 1024 * 1024;
export const BULK_ROWS_MAX = 50_000;
/** A larger body takes more than some 10 ms to be looked through, the largest 200. */
const LARGE_BYTES = 256 * 1024;
const LARGE_BODIES = new LoopTurns();

/** @throws Problem 400 when the body is not JSON, 422 listing the first bad rows */
function readTicks(body: Buffer, rules: TickRules): NewTick[] {
  return readPlainTicks(body, rules, BULK_ROWS_MAX) ?? checkTicks(parseJson(body, rules.timeUnit), rules);
}

/** The size is checked before any row is looked at. */
function checkTicks(raw: unknown, rules: TickRules): NewTick[] {
  if (!Array.isArray(raw)) {
    throw invalidTicks([{ field: "", message: "must be a JSON array of ticks; a single one goes to POST /ticks" }]);
  }
  if (raw.length > BULK_ROWS_MAX) {
    throw new Problem("too_large", `the array has ${raw.length} ticks, at most ${BULK_ROWS_MAX} go into one request`);
  }
  const errors: FieldError[] = [];
  const ticks: NewTick[] = [];
  let unlisted = 0;
  raw.forEach((row: unknown, index) => {
    const tick = checkTick(row, rules, `[${index}].`, errors);
    if (tick !== undefined && errors.length === 0) ticks.push(tick);
    if (errors.length > ERRORS_LISTED_MAX) unlisted += errors.splice(ERRORS_LISTED_MAX).length;
  });
  if (errors.length > 0) throw invalidTicks(errors, {}, errors.length + unlisted);
  return ticks;
}

/** One sentence for people. */
export function storedMessage(created: number, duplicates: number): string {
  return `${created} ticks stored, ${duplicates} were stored before`;
}

/** `POST /ticks/bulk` with a JSON array: all of it or nothing. */
export async function postBulkJson(
  req: IncomingMessage,
  res: ServerResponse,
  form: BodyForm,
  {
    commits,
    rules,
    caller,
    hear,
  }: { commits: GroupCommit; rules: TickRules; caller: Caller; hear?: HearTicks | undefined },
): Promise<void> {
  const body = await readBody(req, form, caller, BODY_BYTES_MAX);
  if (body.length > LARGE_BYTES) await LARGE_BODIES.next();
  const ticks = readTicks(body, rules);
  if (ticks.length === 0) {
    sendJson(res, 201, { created: 0, duplicates: 0, message: "nothing to store" });
    return;
  }
  const symbols = symbolsOf(ticks);
  requireSymbols(caller, symbols);
  if (symbols.length > COMMIT_SYMBOLS_MAX) {
    const message = `holds ${symbols.length} symbols, and an array may hold ${COMMIT_SYMBOLS_MAX}: send several, or lines as application/x-ndjson`;
    throw invalidTicks([{ field: "", message }]);
  }
  await caller.quota?.take("ticks_per_second", ticks.length);
  const outcome = await commits.submit(ticks, { span: spanOf(res) });
  if (!outcome.ok) {
    const errors = outcome.refusals
      .slice(0, ERRORS_LISTED_MAX)
      .map((refusal) => refusalError(`[${refusal.index}].`, ticks[refusal.index], refusal));
    throw refusedTicks(errors, outcome.refusals);
  }
  hear?.(ticks, rules.nowUs);
  const { created } = outcome;
  const duplicates = ticks.length - created;
  sendJson(res, 201, { created, duplicates, message: storedMessage(created, duplicates) });
}
