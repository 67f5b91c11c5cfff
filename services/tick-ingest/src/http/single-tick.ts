import type { INGEST_ROUTES } from "@fx-ohlc/contract";
import { checkTick, costJson, type FieldError, formatTime, type NewTick, type TickRules } from "@fx-ohlc/schemas";
import { type Handler, requireSymbols, sendJson, spanOf } from "@fx-ohlc/service-kit";
import type { Feeds } from "../feeds/feeds.js";
import { namedFeed } from "../feeds/named-feed.js";
import type { GroupCommit } from "../write/group-commit.js";
import { invalidTicks, refusalError, refusedTicks } from "./refusals.js";
import { readJson } from "./request-body.js";

/** A tick has some 100 bytes; this leaves room for generous whitespace. */
const BODY_BYTES_MAX = 16 * 1024;

/** @throws Problem 422 naming every bad field */
function readTick(raw: unknown, rules: TickRules): NewTick {
  const errors: FieldError[] = [];
  const tick = checkTick(raw, rules, "", errors);
  if (tick === undefined) throw invalidTicks(errors);
  return tick;
}

/** `POST /ticks`: one tick, answered when it is committed. */
export function postTick(
  commits: GroupCommit,
  rules: () => TickRules,
  feeds: Feeds,
): Handler<typeof INGEST_ROUTES.postTick> {
  return async (req, res, { query: { time_unit: timeUnit }, caller }) => {
    const feed = namedFeed(req, caller);
    const raw = await readJson(req, caller, BODY_BYTES_MAX, timeUnit);
    const now = rules();
    const tick = readTick(raw, timeUnit === undefined ? now : { ...now, timeUnit });
    requireSymbols(caller, [tick.symbol]);
    await caller.quota?.take("ticks_per_second", 1);
    const outcome = await commits.submit([tick], { span: spanOf(res) });
    if (!outcome.ok) {
      const errors = outcome.refusals.map((refusal) => refusalError("", tick, refusal));
      throw refusedTicks(errors, outcome.refusals);
    }
    if (feed !== undefined) feeds.hearTicks(feed, [tick], now.nowUs);
    const { symbol, timeUs } = tick;
    const [seq] = outcome.seqs;
    const duplicate = outcome.created === 0;
    sendJson(
      res,
      201,
      `{"symbol":"${symbol}","time":"${formatTime(timeUs)}",${costJson(tick)},"seq":${seq},"duplicate":${duplicate}}`,
    );
  };
}
