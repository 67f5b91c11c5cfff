import type { INGEST_ROUTES } from "@fx-ohlc/contract";
import { checkDto, formatTime, HeartbeatDto, type Micros } from "@fx-ohlc/schemas";
import { type Handlers, invalid, Problem, pageLink, requireSymbols, sendJson } from "@fx-ohlc/service-kit";
import { readJson } from "../http/request-body.js";
import type { Feeds, ShownFeed } from "./feeds.js";
import { requireFeed } from "./named-feed.js";

/** The names of as many symbols as a heartbeat may have. */
const BODY_BYTES_MAX = 512 * 1024;
const EVERY_DEFAULT_S = 10;
const PAGE_DEFAULT = 1000;

/** `POST /feeds/{feed}/heartbeat`, `GET /feeds` and `DELETE /feeds/{feed}`. */
export function feedHandlers({
  feeds,
}: {
  readonly feeds: Feeds;
}): Pick<Handlers<typeof INGEST_ROUTES>, "postHeartbeat" | "getFeeds" | "deleteFeed"> {
  return {
    postHeartbeat: async (req, res, { path: { feed }, caller }) => {
      requireFeed(caller, feed);
      const body = checkDto(HeartbeatDto, await readJson(req, caller, BODY_BYTES_MAX));
      if (!body.ok) throw invalid(body.errors);
      const { symbols, every_s: everyS = EVERY_DEFAULT_S } = body.value;
      requireSymbols(caller, symbols);
      await feeds.hearHeartbeat(feed, symbols, everyS);
      res.writeHead(204).end();
    },

    getFeeds: async (req, res, { query, caller }) => {
      const { feed, symbol, limit = PAGE_DEFAULT, after_feed, after_symbol } = query;
      const after = after_feed === undefined ? undefined : { feed: after_feed, symbol: after_symbol ?? "" };
      const isWanted = (one: string) => (symbol === undefined || one === symbol) && caller.maySee(one);
      // One more than is answered shows whether there is another page.
      const rows = await feeds.list({ feed, after, limit: limit + 1, isWanted });
      const page = rows.slice(0, limit);
      const last = page.at(-1);
      const isMore = rows.length > limit && last !== undefined;
      const link = isMore ? { Link: pageLink(req, "next", { after_feed: last.feed, after_symbol: last.symbol }) } : {};
      sendJson(res, 200, page.map(feedJson), { "Cache-Control": "no-store", ...link });
    },

    deleteFeed: async (_req, res, { path: { feed }, query: { symbol } }) => {
      if (!(await feeds.forget(feed, symbol))) throw new Problem("not_found", `There is no such feed as ${feed}.`);
      res.writeHead(204).end();
    },
  };
}

function feedJson(row: ShownFeed): Record<string, unknown> {
  const time = (us: Micros) => (us === 0 ? null : formatTime(us));
  return {
    feed: row.feed,
    symbol: row.symbol,
    state: row.state,
    since: formatTime(row.sinceUs),
    last_tick: time(row.lastTickUs),
    last_heard: formatTime(row.heardUs),
    ticks_per_second: row.ticksPerSecond,
    delay_p50_ms: row.delayP50Ms,
    delay_p99_ms: row.delayP99Ms,
    every_s: row.everyS === 0 ? null : row.everyS,
    quiet_after_s: row.quietAfterS,
  };
}
