import type { FeedState } from "@fx-ohlc/schemas";
import type { Metrics, Sample } from "@fx-ohlc/service-kit";
import { countDelay, countOf, type DelayCounts, delayQuantileMs } from "./delays.js";
import type { Known } from "./feed-state.js";
import type { Feeds } from "./feeds.js";
import { splitPairKey } from "./pair.js";

/** Series of each metric; what comes later shares one of the worst state, for every label value costs memory for ever. */
const FEEDS_MAX = 50;
const SYMBOLS_MAX = 200;
const PAIRS_MAX = 500;
const OTHER = "other";

/** The better, the more. */
const VALUES: Readonly<Record<FeedState, number>> = { live: 3, quiet: 2, closed: 1, down: 0 };
const VALUES_TOLD = "3 live, 2 quiet, 1 closed, 0 down";

/** Exports how feeds are. Of several processes the one that judges them does. */
export function observeFeeds(metrics: Metrics, feeds: Feeds): void {
  metrics.addGauge({
    name: "feed_state",
    help: `Of each feed and symbol: ${VALUES_TOLD}.`,
    labelNames: ["feed", "symbol"],
    read: () =>
      worst(feeds.judged.states, PAIRS_MAX, (key) => ({ ...splitPairKey(key) }), { feed: OTHER, symbol: OTHER }),
  });
  metrics.addGauge({
    name: "symbol_feed_state",
    help: `Of each symbol as its best feed is: ${VALUES_TOLD}.`,
    labelNames: ["symbol"],
    read: () => worst(feeds.judged.status, SYMBOLS_MAX, (symbol) => ({ symbol }), { symbol: OTHER }),
  });
  metrics.addGauge({
    name: "feed_delay_seconds",
    help: "How long after their time the ticks of the last minute were received, by feed.",
    labelNames: ["feed", "quantile"],
    read: () => delaySamples(feeds),
  });
}

function worst(
  states: ReadonlyMap<string, Known>,
  max: number,
  labelsOf: (name: string) => Record<string, string>,
  others: Readonly<Record<string, string>>,
): Sample[] {
  // By name, so that it is the same ones from one scrape to the next.
  const sorted = [...states].sort(([a], [b]) => (a < b ? -1 : 1));
  const samples = sorted.slice(0, max).map(([name, { state }]): Sample => [labelsOf(name), VALUES[state]]);
  const rest = sorted.slice(max).map(([, { state }]) => VALUES[state]);
  return rest.length === 0 ? samples : [...samples, [others, Math.min(...rest)]];
}

async function delaySamples(feeds: Feeds): Promise<Sample[]> {
  // Another process is asked for them, or nobody knows.
  if (feeds.judged.states.size === 0) return [];
  const byFeed = new Map<string, DelayCounts>();
  const { byPair } = await feeds.delays().catch(() => ({ byPair: new Map<string, DelayCounts>() }));
  for (const [key, counts] of [...byPair].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const { feed } = splitPairKey(key);
    const label = byFeed.has(feed) || byFeed.size < FEEDS_MAX ? feed : OTHER;
    const all = byFeed.get(label) ?? new Map();
    byFeed.set(label, all);
    for (const [bucket, count] of counts) countDelay(all, bucket, count);
  }
  return [...byFeed].filter(([, counts]) => countOf(counts) > 0).flatMap(([feed, counts]) => quantiles(feed, counts));
}

function quantiles(feed: string, counts: DelayCounts): Sample[] {
  return [0.5, 0.99].map((quantile) => [
    { feed, quantile: String(quantile) },
    (delayQuantileMs(counts, quantile) ?? 0) / 1000,
  ]);
}
