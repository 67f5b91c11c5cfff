import type { IncomingMessage } from "node:http";
import type { INGEST_ROUTES } from "@fx-ohlc/contract";
import { checkDto, costOf, DeletionDto, type FieldError, UpdateDto } from "@fx-ohlc/schemas";
import {
  type AllowedOrigins,
  type Caller,
  type Handlers,
  Problem,
  requireSymbols,
  sendJson,
} from "@fx-ohlc/service-kit";
import { type BatchedChange, type BatchRefusal, BatchRefusedError, correctAll } from "../write/correction-batch.js";
import { findUndoable, undo } from "../write/undo.js";
import { type CorrectionDependencies, instant, orRefused, type Turn, whenInBars } from "./correction-routes.js";
import { ERRORS_LISTED_MAX, invalidTicks } from "./refusals.js";
import { readJson } from "./request-body.js";
import { refuseForeignPages } from "./write-route.js";

const BODY_BYTES_MAX = 256 * 1024;
const CORRECTIONS_MAX = 1000;

/** `POST /corrections` and `POST /revisions/{id}/undo`. */
export function batchHandlers(
  dependencies: CorrectionDependencies,
  allowed: AllowedOrigins,
): Pick<Handlers<typeof INGEST_ROUTES>, "postCorrections" | "undoRevision"> {
  const { database, turns, corrections } = dependencies;
  const turnOf = (req: IncomingMessage, caller: Caller, reason: string | undefined): Turn => ({
    note: { by: caller.name, reason },
    run: (change) => turns.run(req, caller, change),
  });
  return {
    postCorrections: async (req, res, { query: { reason }, caller }) => {
      const changes = changesOf(await readJson(req, caller, BODY_BYTES_MAX));
      if (changes.length === 0) return sendJson(res, 200, { updated: 0, deleted: 0, message: "nothing to correct" });
      requireSymbols(caller, [...new Set(changes.map(({ symbol }) => symbol))]);
      const turn = turnOf(req, caller, reason);
      const change = database.whileAvailable(async () => {
        const { updated, deleted, correction } = await orNamed(
          turn.run(() => correctAll(corrections, changes, turn.note)),
        );
        const message = `${updated} tick${updated === 1 ? "" : "s"} updated, ${deleted} deleted`;
        return whenInBars(dependencies, correction, { updated, deleted, message });
      });
      return sendJson(res, 200, await orRefused("", change));
    },

    undoRevision: async (req, res, { path: { id }, query: { reason }, caller }) => {
      refuseForeignPages(req, allowed);
      const turn = turnOf(req, caller, reason);
      const change = database.whileAvailable(async () => {
        const undoable = await findUndoable(database.sql, id);
        if (undoable === undefined) throw new Problem("not_found", "there is no such revision, or it replaced nothing");
        requireSymbols(caller, [undoable.range.symbol]);
        const outcome = await turn.run(() => undo(corrections, undoable, turn.note));
        if (!outcome.done) throw new Problem("conflict", "some of these ticks were changed since");
        const { count } = outcome.correction;
        const isUpdate = undoable.kind === "update";
        const message = `${count} tick${count === 1 ? "" : "s"} put back`;
        return whenInBars(dependencies, outcome.correction, {
          ...{ updated: isUpdate ? count : 0, restored: isUpdate ? 0 : count, message },
        });
      });
      return sendJson(res, 200, await orRefused("id", change));
    },
  };
}

/** @throws Problem 413 when they are too many, 422 naming what is wrong with the first of them */
function changesOf(raw: unknown): BatchedChange[] {
  if (!Array.isArray(raw)) throw invalidTicks([{ field: "", message: "must be a JSON array of corrections" }]);
  if (raw.length > CORRECTIONS_MAX) {
    const detail = `the array has ${raw.length} corrections, at most ${CORRECTIONS_MAX} go into one request`;
    throw new Problem("too_large", detail);
  }
  const errors: FieldError[] = [];
  const changes = raw.flatMap((row: unknown, index) => {
    const checked = changeOf(row);
    if ("timeUs" in checked) return [checked];
    errors.push(...checked.map(({ field, message }) => ({ field: `[${index}].${field}`, message })));
    return [];
  });
  if (errors.length > 0) throw invalidTicks(errors);
  return changes;
}

function changeOf(row: unknown): BatchedChange | readonly FieldError[] {
  const op = typeof row === "object" && row !== null && "op" in row ? row.op : undefined;
  if (op === "delete") {
    const deletion = checkDto(DeletionDto, row);
    if (!deletion.ok) return deletion.errors;
    const { symbol, time, seq } = deletion.value;
    return { symbol, timeUs: instant(time), seq: seq ?? undefined, cost: undefined };
  }
  if (op !== "update") return [{ field: "op", message: "must be update or delete" }];
  const update = checkDto(UpdateDto, row);
  if (!update.ok) return update.errors;
  const { symbol, time, seq } = update.value;
  return { symbol, timeUs: instant(time), seq: seq ?? undefined, cost: costOf(update.value) };
}

const MESSAGES: Readonly<Record<BatchRefusal["found"], readonly [field: string, message: string]>> = {
  none: ["time", "no tick of this symbol and time is stored"],
  several: ["seq", "several ticks share this time: name one"],
  "a quote": ["price", "is of a single price, and this tick is a quote: give its bid and ask"],
  "a price": ["bid", "is of a quote, and this tick is a single price: give its price"],
  "named before": ["time", "an earlier correction is of this tick, too"],
};

/** Answers for all of a batch what one correction by itself would be answered. */
async function orNamed<T>(change: Promise<T>): Promise<T> {
  try {
    return await change;
  } catch (error) {
    if (!(error instanceof BatchRefusedError)) throw error;
    const errors = error.refusals.slice(0, ERRORS_LISTED_MAX).map(({ index, found }) => {
      const [field, message] = MESSAGES[found];
      return { field: `[${index}].${field}`, message };
    });
    const [first] = error.refusals;
    if (first?.found === "none")
      throw new Problem("not_found", `${errors[0]?.field}: ${errors[0]?.message}`, { errors });
    if (first?.found === "several")
      throw new Problem("conflict", `${errors[0]?.field}: ${errors[0]?.message}`, { errors });
    throw invalidTicks(errors);
  }
}
