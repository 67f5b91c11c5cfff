import {
  checkDto,
  type FieldError,
  formatTime,
  normalizeSymbol,
  OLDER_THAN_RETENTION,
  PriceDto,
  parseTime,
  SeqQuery,
  SYMBOL_RULE,
  TIME_RULE,
  TickKeyQuery,
  TickRangeQuery,
  type TickRules,
} from "@fx-ohlc/schemas";
import { invalid, Problem, readQuery, sendJson } from "@fx-ohlc/service-kit";
import type { Express, Request, Response } from "express";
import type { Publisher } from "../publish/publisher.js";
import type { Correction, Corrections } from "../write/corrections.js";
import { invalidTicks } from "./refusals.js";
import { readJson } from "./request-body.js";

const BODY_BYTES_MAX = 16 * 1024;
/** What PUT and DELETE wait for the bars at most before they answer `"bars":"pending"`. */
const BARS_DEADLINE_MS = 5000;

export interface CorrectionDependencies {
  readonly corrections: Corrections;
  readonly publisher: Publisher;
  readonly rules: () => TickRules;
}

interface Stamp {
  readonly symbol: string;
  readonly timeUs: number;
  readonly seq: number | undefined;
}

/** Values that were checked already, in the form they are stored in. */
function stampOf(symbol: string, time: string, seq: string | undefined): Stamp {
  return {
    symbol: normalizeSymbol(symbol) ?? "",
    timeUs: parseTime(time) ?? 0,
    seq: seq === undefined ? undefined : Number(seq),
  };
}

/** @throws Problem 422 `older_than_retention` */
function refuseExpired(field: string, timeUs: number, { horizonUs }: TickRules): void {
  if (horizonUs !== undefined && timeUs < horizonUs) {
    const message = OLDER_THAN_RETENTION;
    throw invalidTicks([{ field, message }], { extensions: { horizon: formatTime(horizonUs) } });
  }
}

/** The stamp in a path, which no DTO has checked. */
function stampOfPath(req: Request): Stamp {
  const { symbol = "", time = "" } = req.params as Record<string, string>; // Express names the route's own parameters.
  const errors: FieldError[] = [];
  if (normalizeSymbol(symbol) === undefined) errors.push({ field: "symbol", message: SYMBOL_RULE });
  if (parseTime(time) === undefined) errors.push({ field: "time", message: TIME_RULE });
  if (errors.length > 0) throw invalid(errors);
  return stampOf(symbol, time, readQuery(SeqQuery, req.url).seq);
}

/** `PUT /ticks`, `DELETE /ticks` and `DELETE /ticks/{symbol}/{time}`. */
export function addCorrectionRoutes(app: Express, dependencies: CorrectionDependencies): void {
  const { corrections, rules } = dependencies;

  app.put("/ticks", async (req, res) => {
    const { symbol, time, seq } = readQuery(TickKeyQuery, req.url);
    const stamp = stampOf(symbol, time, seq);
    const body = checkDto(PriceDto, await readJson(req, BODY_BYTES_MAX));
    if (!body.ok) throw invalid(body.errors);
    refuseExpired("time", stamp.timeUs, rules());
    const outcome = await corrections.putPrice(stamp, body.value.price);
    if (outcome.found === "none") throw new Problem("not_found", "no tick of this symbol and time is stored");
    if (outcome.found === "several") throw new Problem("conflict", "several ticks share this time: name one by seq");
    const { tick } = outcome;
    await answer(res, dependencies, outcome.correction, {
      symbol: tick.symbol,
      time: formatTime(tick.timeUs),
      price: tick.price,
      seq: tick.seq,
    });
  });

  app.delete("/ticks", async (req, res) => {
    const { symbol, start, end } = readQuery(TickRangeQuery, req.url);
    const range = { symbol: normalizeSymbol(symbol) ?? "", fromUs: parseTime(start) ?? 0, toUs: parseTime(end) ?? 0 };
    if (range.fromUs < range.toUs) refuseExpired("start", range.fromUs, rules());
    const correction = await corrections.deleteRange(range);
    await answerDeleted(res, dependencies, correction);
  });

  app.delete("/ticks/:symbol/:time", async (req, res) => {
    const stamp = stampOfPath(req);
    refuseExpired("time", stamp.timeUs, rules());
    const correction = await corrections.deleteStamp(stamp);
    if (correction.count === 0) throw new Problem("not_found", "no such tick is stored");
    await answerDeleted(res, dependencies, correction);
  });
}

function answerDeleted(res: Response, dependencies: CorrectionDependencies, correction: Correction): Promise<void> {
  const { count } = correction;
  return answer(res, dependencies, correction, {
    deleted: count,
    message: `${count} tick${count === 1 ? "" : "s"} deleted`,
  });
}

/**
 * Tells the stream and answers when the bars hold the change. Where a refresh does that work, its worker tells the stream
 * once more when it is done: what was told now is the ledger's proof that the change was not forgotten.
 */
async function answer(
  res: Response,
  { corrections, publisher }: CorrectionDependencies,
  correction: Correction,
  body: Record<string, unknown>,
): Promise<void> {
  const { range, batch } = correction;
  const inBars = await corrections.inBars(correction, BARS_DEADLINE_MS).finally(() => {
    if (range !== undefined && batch !== undefined) publisher.publishRevision(range.symbol, range, "correction", batch);
  });
  sendJson(res, 200, inBars ? body : { ...body, bars: "pending" });
}
