import type { FeedJson, FeedState } from "@fx-ohlc/client";
import { spanText } from "../format/time.js";
import { type Column, DataTable } from "../table/data-table.js";
import { h } from "../view/dom.js";

/** The worst comes first. */
const ORDER: readonly FeedState[] = ["down", "quiet", "closed", "live"];
const TONES: Readonly<Record<FeedState, string>> = { down: "bad", quiet: "warn", closed: "calm", live: "good" };
const WORDS: Readonly<Record<FeedState, string>> = { down: "Down", quiet: "Quiet", closed: "Closed", live: "Live" };

/** A feed's row, with when it was read: what it says of times is reckoned from there. */
export interface FeedRow {
  readonly feed: FeedJson;
  readonly atMs: number;
}

export function worstFirst(feeds: readonly FeedJson[]): readonly FeedJson[] {
  const rank = ({ state }: FeedJson): number => ORDER.indexOf(state);
  return feeds.toSorted(
    (a, b) => rank(a) - rank(b) || a.feed.localeCompare(b.feed) || a.symbol.localeCompare(b.symbol),
  );
}

const ago = (time: string | null, atMs: number): string =>
  time === null ? "never" : spanText((atMs - Date.parse(time)) / 1_000);

const delayText = (ms: number | null): string => (ms === null ? "–" : `${Math.round(ms).toLocaleString("en")} ms`);

function stateMark({ state }: FeedJson): HTMLElement {
  return h("span", { class: "mark", "data-tone": TONES[state] }, WORDS[state]);
}

const COLUMNS: readonly Column<FeedRow>[] = [
  { name: "feed", label: "Feed", cell: ({ feed }) => feed.feed, value: ({ feed }) => feed.feed },
  { name: "symbol", label: "Symbol", cell: ({ feed }) => feed.symbol, value: ({ feed }) => feed.symbol },
  {
    name: "state",
    label: "State",
    cell: ({ feed }) => stateMark(feed),
    value: ({ feed }) => ORDER.indexOf(feed.state),
  },
  {
    name: "since",
    label: "For",
    cell: ({ feed, atMs }) => ago(feed.since, atMs),
    value: ({ feed }) => feed.since,
  },
  {
    name: "last",
    label: "Last tick",
    title: "How long ago its latest tick was",
    cell: ({ feed, atMs }) => ago(feed.last_tick, atMs),
    value: ({ feed }) => feed.last_tick ?? "",
  },
  {
    name: "rate",
    label: "Ticks/s",
    title: "Ticks a second, over the last minute",
    startsDescending: true,
    cell: ({ feed }) => feed.ticks_per_second.toLocaleString("en", { maximumFractionDigits: 1 }),
    value: ({ feed }) => feed.ticks_per_second,
  },
  {
    name: "p50",
    label: "Delay p50",
    title: "From a tick's time to its receipt: half of them were quicker",
    startsDescending: true,
    cell: ({ feed }) => delayText(feed.delay_p50_ms),
    value: ({ feed }) => feed.delay_p50_ms ?? undefined,
  },
  {
    name: "p99",
    label: "Delay p99",
    title: "From a tick's time to its receipt: 99 in 100 were quicker",
    startsDescending: true,
    cell: ({ feed }) => delayText(feed.delay_p99_ms),
    value: ({ feed }) => feed.delay_p99_ms ?? undefined,
  },
];

export function feedsTable(): DataTable<FeedRow> {
  const keyOf = ({ feed }: FeedRow): string => `${feed.feed} ${feed.symbol}`;
  return new DataTable({ name: "feeds", label: "Feeds", columns: COLUMNS, keyOf });
}
