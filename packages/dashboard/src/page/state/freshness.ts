import type { FeedState } from "@fx-ohlc/client";
import { closuresWithin, type MarketSession, marketPhase } from "@fx-ohlc/schemas/session";
import { shortText, spanText } from "../format/time.js";
import type { ZoneName } from "../format/zone.js";

/** What the page goes by where nobody said when silence of a symbol means something: what the services go by, too, s. */
const QUIET_AFTER_S = 300;
const US_PER_MS = 1_000;
/** No market that has a session is closed for longer at a time, holidays included. */
const CLOSED_MAX_MS = 8 * 86_400_000;

/** What is known of when a symbol's price was made. */
export interface PriceAge {
  /** When its last tick was, ms since 1970; undefined without any. */
  readonly lastAtMs: number | undefined;
  readonly session: MarketSession;
  readonly quietAfterS: number | undefined;
  /** How its feeds are; undefined where none named itself. */
  readonly feed: FeedState | undefined;
}

/** How a symbol is, in one word of the system's own. */
export interface Freshness {
  readonly life: FeedState;
  /** Its price is older than its quiet time, counted while the market was open: it is not to be taken for the market's. */
  readonly isOld: boolean;
  /** Since its last tick, s, whether the market was open or not. */
  readonly ageS: number;
}

/** For how much of the time between two instants the market was open, ms. */
function openMs(session: MarketSession, fromMs: number, toMs: number): number {
  const closures = closuresWithin(session, fromMs * US_PER_MS, toMs * US_PER_MS);
  return closures.reduce((left, { fromUs, toUs }) => left - (toUs - fromUs) / US_PER_MS, toMs - fromMs);
}

/**
 * A symbol is live while its price is younger than its quiet time. After that it is what its feeds are: quiet or down; one whose
 * feeds have no name is quiet, for nobody knows more. Silence is closed while the market is.
 */
export function freshnessOf({ lastAtMs, session, quietAfterS, feed }: PriceAge, nowMs: number): Freshness | undefined {
  if (lastAtMs === undefined) return feed === undefined ? undefined : { life: feed, isOld: true, ageS: 0 };
  const limitMs = (quietAfterS ?? QUIET_AFTER_S) * 1_000;
  const ageMs = Math.max(0, nowMs - lastAtMs);
  const ageS = ageMs / 1_000;
  const isDown = feed === "down";
  if (ageMs <= limitMs) return { life: isDown ? "down" : "live", isOld: isDown, ageS };
  const isOld = isDown || ageMs > CLOSED_MAX_MS + limitMs || openMs(session, lastAtMs, nowMs) > limitMs;
  if (isDown) return { life: "down", isOld, ageS };
  const isOpen = marketPhase(session, nowMs * US_PER_MS).isOpen;
  return { life: isOpen ? "quiet" : "closed", isOld, ageS };
}

const WORDS: Readonly<Record<FeedState, string>> = { live: "Live", quiet: "Quiet", closed: "Closed", down: "Down" };

export function lifeText({ life }: Freshness): string {
  return WORDS[life];
}

/** How old a price is, in short: its age while that is of today, else when it was. */
export function ageText({ ageS }: Freshness, nowMs: number, zone?: ZoneName): string {
  const now = nowMs / 1_000;
  const when = shortText(now - ageS, now, zone);
  return when.length > "00:00".length ? when : spanText(ageS);
}

/** The same where there is little room: of another day its date alone, of another year that. */
export function shortAgeText(freshness: Freshness, nowMs: number, zone?: ZoneName): string {
  return ageText(freshness, nowMs, zone).replace(/ \d\d:\d\d$|^\d+ \w+ (?=\d{4}$)/, "");
}
