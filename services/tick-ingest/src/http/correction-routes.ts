import type { IncomingMessage } from "node:http";
import type { INGEST_ROUTES } from "@fx-ohlc/contract";
import type { ChangeNote, Database } from "@fx-ohlc/database";
import {
  type CheckedCost,
  CorrectionDto,
  checkDto,
  costOf,
  formatTime,
  LATEST_US,
  type Micros,
  OLDER_THAN_RETENTION,
  type SymbolRange,
} from "@fx-ohlc/schemas";
import { type Caller, type Handlers, invalid, Problem, sendJson } from "@fx-ohlc/service-kit";
import type { ToldCorrections } from "../publish/told-corrections.js";
import { type Correction, type Corrections, OlderThanRetentionError, type Stamp } from "../write/corrections.js";
import type { ChangeTurns } from "./change-turns.js";
import { invalidTicks } from "./refusals.js";
import { readJson } from "./request-body.js";

const BODY_BYTES_MAX = 16 * 1024;
/** What PUT and DELETE wait for the bars at most before they answer `"bars":"pending"`. */
const BARS_DEADLINE_MS = 5000;

export interface CorrectionDependencies {
  readonly database: Database;
  readonly corrections: Corrections;
  readonly toldCorrections: ToldCorrections;
  readonly turns: ChangeTurns;
}

/** A time cut to where ticks can be: earlier and later ones are valid, but the database has no use for them. */
export function instant(timeUs: Micros): Micros {
  return Math.min(Math.max(timeUs, 0), LATEST_US);
}

/** Answers 422 `older_than_retention`, naming the field, when a change is refused for that. */
export async function orRefused<T>(field: string, change: Promise<T>): Promise<T> {
  try {
    return await change;
  } catch (error) {
    if (!(error instanceof OlderThanRetentionError)) throw error;
    const extensions = { horizon: formatTime(error.horizonUs) };
    throw invalidTicks([{ field, message: OLDER_THAN_RETENTION }], { extensions, cause: error });
  }
}

/** `PUT /ticks`, `DELETE /ticks` and `DELETE /ticks/{symbol}/{time}`. */
export function correctionHandlers(
  dependencies: CorrectionDependencies,
): Pick<Handlers<typeof INGEST_ROUTES>, "putTick" | "deleteTicks" | "deleteTick"> {
  const { database, turns } = dependencies;
  const turnOf = (req: IncomingMessage, caller: Caller, reason: string | null | undefined): Turn => ({
    note: { by: caller.name, reason: reason ?? undefined },
    run: (change) => turns.run(req, caller, change),
  });
  return {
    putTick: async (req, res, { query: { symbol, time, seq }, caller }) => {
      const stamp = { symbol, timeUs: instant(time), seq };
      const body = checkDto(CorrectionDto, await readJson(req, caller, BODY_BYTES_MAX));
      if (!body.ok) throw invalid(body.errors);
      const change = database.whileAvailable(() =>
        put(dependencies, turnOf(req, caller, body.value.reason), stamp, costOf(body.value)),
      );
      sendJson(res, 200, await orRefused("time", change));
    },

    deleteTicks: async (req, res, { query: { symbol, start, end, reason }, caller }) => {
      const range = { symbol, fromUs: instant(start), toUs: instant(end) };
      const change = database.whileAvailable(() => removeRange(dependencies, turnOf(req, caller, reason), range));
      sendJson(res, 200, await orRefused("start", change));
    },

    deleteTick: async (req, res, { path: { symbol, time }, query: { seq, reason }, caller }) => {
      const stamp = { symbol, timeUs: instant(time), seq };
      const change = database.whileAvailable(() => removeStamp(dependencies, turnOf(req, caller, reason), stamp));
      sendJson(res, 200, await orRefused("time", change));
    },
  };
}

export type Body = Record<string, unknown>;

/** Of one caller to change something. */
export interface Turn {
  /** Who is recorded, and why. */
  readonly note: ChangeNote;
  /** Waits for the turn; for the bars it is waited outside of it. */
  readonly run: <T>(change: () => Promise<T>) => Promise<T>;
}

const IS_A_QUOTE = { field: "price", message: "is of a single price, and this tick is a quote: give its bid and ask" };
const IS_A_PRICE = { field: "bid", message: "is of a quote, and this tick is a single price: give its price" };

async function put(dependencies: CorrectionDependencies, turn: Turn, stamp: Stamp, cost: CheckedCost): Promise<Body> {
  const outcome = await turn.run(() => dependencies.corrections.put(stamp, cost, turn.note));
  if (outcome.found === "none") throw new Problem("not_found", "no tick of this symbol and time is stored");
  if (outcome.found === "several") throw new Problem("conflict", "several ticks share this time: name one by seq");
  if (outcome.found === "other_kind") throw invalid([outcome.isQuote ? IS_A_QUOTE : IS_A_PRICE]);
  const { tick, correction } = outcome;
  const { symbol, timeUs, price, bid, ask, seq } = tick;
  const stored = { symbol, time: formatTime(timeUs), price, bid, ask, seq };
  return whenInBars(dependencies, correction, stored);
}

async function removeRange(dependencies: CorrectionDependencies, turn: Turn, range: SymbolRange): Promise<Body> {
  if (range.fromUs >= range.toUs) return { deleted: 0, message: "0 ticks deleted" };
  const correction = await turn.run(() => dependencies.corrections.deleteRange(range, turn.note));
  return whenInBars(dependencies, correction, deleted(correction));
}

async function removeStamp(dependencies: CorrectionDependencies, turn: Turn, stamp: Stamp): Promise<Body> {
  const correction = await turn.run(() => dependencies.corrections.deleteStamp(stamp, turn.note));
  if (correction.count === 0) throw new Problem("not_found", "no such tick is stored");
  return whenInBars(dependencies, correction, deleted(correction));
}

function deleted({ count }: Correction): Body {
  return { deleted: count, message: `${count} tick${count === 1 ? "" : "s"} deleted` };
}

/**
 * Tells the stream and answers when the bars hold the change. Where a refresh does that work, its worker tells the stream
 * once more when it is done: what was told now is the ledger's proof that the change was not forgotten. It is told also
 * when nobody waits for the answer any more, because the database was away meanwhile.
 */
export async function whenInBars(
  { corrections, toldCorrections }: CorrectionDependencies,
  correction: Correction,
  body: Body,
): Promise<Body> {
  const { ranges, untold } = correction;
  const inBars = await corrections.inBars(correction, BARS_DEADLINE_MS).finally(() => {
    if (untold !== undefined) toldCorrections.tell(ranges, untold);
  });
  return inBars ? body : { ...body, bars: "pending" };
}
