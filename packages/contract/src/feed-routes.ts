import { FeedJson, FeedPath, FeedSymbolQuery, FeedsQuery, HeartbeatDto } from "@fx-ohlc/schemas";
import { declareRoutes, listOf } from "@fx-ohlc/service-kit";

const FEEDS = { tag: "feeds" } as const;

/** Producers that name themselves. */
export const FEED_ROUTES = declareRoutes({
  postHeartbeat: {
    ...FEEDS,
    method: "POST",
    path: "/feeds/{feed}/heartbeat",
    access: "write",
    summary: "Say that a feed is alive while nothing trades",
    description:
      "A feed that sends heartbeats is `quiet` where one that does not would be `down`. A token may name the feeds of its list, or the one of its own name.",
    pathDto: FeedPath,
    body: { "application/json": HeartbeatDto },
    answers: { 204: { description: "It is known." } },
    problems: ["malformed", "request_timeout", "too_large", "unsupported_media_type", "invalid", "too_many_requests"],
  },
  getFeeds: {
    ...FEEDS,
    method: "GET",
    path: "/feeds",
    access: "ops",
    summary: "Which feeds there are, and which of them are alive",
    description:
      "By feed, then by symbol; more than `limit` rows are paged: follow `Link`. What is known of feeds is on Redis: while it is away this is a 503.",
    queryDto: FeedsQuery,
    answers: {
      200: {
        description: "Feeds, a row for each symbol.",
        content: { "application/json": listOf(FeedJson) },
        headers: { Link: "sometimes", "Cache-Control": "always" },
      },
    },
    problems: ["malformed", "invalid", "unavailable"],
  },
  deleteFeed: {
    ...FEEDS,
    method: "DELETE",
    path: "/feeds/{feed}",
    access: "admin",
    summary: "Forget a feed that will not come back, or one symbol of it",
    description: "Until then it is down. One that is not heard for seven days is forgotten by itself.",
    pathDto: FeedPath,
    queryDto: FeedSymbolQuery,
    answers: { 204: { description: "It is forgotten, until it is heard again." } },
    problems: ["malformed", "not_found", "invalid", "unavailable", "timeout"],
  },
});
