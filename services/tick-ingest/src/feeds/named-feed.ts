import type { IncomingMessage } from "node:http";
import { FEED_HEADER, FEED_NAME_RULE, isFeedName, type Micros, type NewTick } from "@fx-ohlc/schemas";
import { type Caller, invalid, Problem } from "@fx-ohlc/service-kit";
import type { Feeds } from "./feeds.js";

/**
 * The feed that a request says its ticks are of; undefined: it says nothing.
 *
 * @throws Problem 422 for what is no name, 403 for one that the caller may not use
 */
export function namedFeed(req: IncomingMessage, caller: Caller): string | undefined {
  const said = req.headers["x-feed"];
  if (said === undefined) return undefined;
  const name = String(said).trim();
  // As a client sends it whose configuration has no name.
  if (name === "") return undefined;
  if (!isFeedName(name)) throw invalid([{ field: FEED_HEADER, message: FEED_NAME_RULE }]);
  requireFeed(caller, name);
  return name;
}

/** @throws Problem 403 naming a feed that the caller may not use */
export function requireFeed({ feeds }: Caller, name: string): void {
  if (feeds === undefined || feeds.includes(name)) return;
  throw new Problem("forbidden", `This token may not name the feed ${name}.`);
}

/** Told of ticks that are stored, and when they came: all at once, or each by itself. */
export type HearTicks = (ticks: readonly NewTick[], receivedUs: Micros | readonly Micros[]) => void;

/**
 * Whom to tell of the ticks of a request; undefined where it names no feed.
 *
 * @throws what {@link namedFeed} throws
 */
export function hearingOf(req: IncomingMessage, caller: Caller, feeds: Feeds): HearTicks | undefined {
  const feed = namedFeed(req, caller);
  return feed === undefined ? undefined : (ticks, receivedUs) => feeds.hearTicks(feed, ticks, receivedUs);
}
