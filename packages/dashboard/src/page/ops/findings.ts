import type { FeedJson, Health } from "@fx-ohlc/client";
import { spanText } from "../format/time.js";
import { type MetricSamples, sumOf } from "./metrics-text.js";
import type { OpsState } from "./ops-state.js";

/** Something that is wrong, or not as it should be. */
export interface Finding {
  readonly tone: "bad" | "warn";
  readonly text: string;
}

// The bounds of the alerts in infra/prometheus/rules: the page and the pager say the same.
const FEED_DELAY_MAX_MS = 5_000;
const BUFFER_MAX_MESSAGES = 1_000;
const BACKLOG_MAX_WINDOWS = 1_000;
const BACKLOG_MAX_AGE_S = 120;
const CLOCK_SKEW_MAX_S = 1;
const SLOW_CONSUMERS_MAX = 10;
/** Named in a sentence; of more it says how many. */
const NAMES_MAX = 5;

/** What is wrong, the worst first. */
export function findingsOf(state: OpsState, nowMs: number): readonly Finding[] {
  const found = [
    ...ofHealth(state),
    ...ofFeeds(state.feeds?.value ?? [], nowMs),
    ...ofIngest(state.ingest?.value),
    ...ofGateway(state.gateway?.value),
    ...ofClocks(state),
  ];
  return [...found.filter(({ tone }) => tone === "bad"), ...found.filter(({ tone }) => tone === "warn")];
}

const bad = (text: string): Finding => ({ tone: "bad", text });
const warn = (text: string): Finding => ({ tone: "warn", text });
const when = (isSo: boolean, finding: Finding): readonly Finding[] => (isSo ? [finding] : []);

function ofHealth({ health, isReady }: OpsState): readonly Finding[] {
  const told: Partial<Health> = health?.value ?? {};
  const { services, database, redis, status } = told;
  const away = Object.entries(typeof services === "object" ? (services ?? {}) : {}).filter(
    ([, how]) => how !== "healthy",
  );
  const isUnexplained = status === "unhealthy" && away.length === 0;
  return [
    ...when(health?.error !== undefined, bad("The system does not say how it is: nothing answers at /health.")),
    ...away.map(([name, how]) => bad(`${name} is ${how}.`)),
    ...when(database === "disconnected", bad("The database is away: nothing is stored, and history is not answered.")),
    ...when(redis === "disconnected", bad("Redis is away: ticks are stored, and not told live.")),
    ...when(isUnexplained && database !== "disconnected" && redis !== "disconnected", bad("The system is unhealthy.")),
    ...when(isReady?.value === false, bad("The system is not ready.")),
  ];
}

function ofFeeds(feeds: readonly FeedJson[], nowMs: number): readonly Finding[] {
  const names = new Set(feeds.map(({ feed }) => feed));
  return [...names].flatMap((feed) => {
    const rows = feeds.filter((row) => row.feed === feed);
    const down = rows.filter(({ state }) => state === "down");
    const since = Math.min(...down.map((row) => Date.parse(row.since)));
    const delayMs = Math.max(...rows.map(({ delay_p99_ms: delay }) => delay ?? 0));
    return [
      ...when(
        down.length > 0,
        bad(`Feed ${feed} is down for ${spanText((nowMs - since) / 1_000)}: ${namesText(down)}.`),
      ),
      ...when(
        delayMs > FEED_DELAY_MAX_MS,
        warn(`Feed ${feed} is late: one tick in 100 comes ${(delayMs / 1_000).toFixed(1)} s after its time.`),
      ),
    ];
  });
}

function namesText(rows: readonly FeedJson[]): string {
  const names = rows.slice(0, NAMES_MAX).map(({ symbol }) => symbol);
  const more = rows.length - names.length;
  return names.join(", ") + (more > 0 ? ` and ${more.toLocaleString("en")} more` : "");
}

function ofIngest(metrics: MetricSamples | undefined): readonly Finding[] {
  const number = (name: string): number => sumOf(metrics, name) ?? 0;
  const windows = number("bar_refresh_backlog_windows");
  const ageS = number("bar_refresh_backlog_age_seconds");
  const buffered = number("publish_buffer_messages");
  const dropped = number("publish_dropped_total");
  const isBehind = windows > BACKLOG_MAX_WINDOWS || ageS > BACKLOG_MAX_AGE_S;
  return [
    ...when(
      isBehind,
      warn(`Bars are behind: ${count(windows, "window")} to refresh, the oldest for ${spanText(ageS)}.`),
    ),
    ...when(buffered > BUFFER_MAX_MESSAGES, bad(`${count(buffered, "message")} wait for Redis: the stream is behind.`)),
    ...when(dropped > 0, warn(`${count(dropped, "message")} of the stream given up since tick-ingest started.`)),
    ...when(
      number("archive_refused") > 0,
      bad("Nothing is archived and nothing dropped: the archive is not where it belongs. Its archiver's log says why."),
    ),
    ...when(number("tick_drops_held") > 0, warn("Expired ticks are kept until somebody confirms the clock.")),
  ];
}

function ofGateway(metrics: MetricSamples | undefined): readonly Finding[] {
  const number = (name: string): number => sumOf(metrics, name) ?? 0;
  const mismatches = number("live_bar_mismatch_total");
  const gaps = number("stream_gaps_declared_total");
  const slow = number("websocket_slow_consumers_total");
  return [
    ...when(mismatches > 0, bad(`Live bars differed from the database in ${count(mismatches, "check")}.`)),
    ...when(gaps > 0, warn(`${count(gaps, "gap")} of the stream declared since stream-gateway started.`)),
    ...when(slow > SLOW_CONSUMERS_MAX, warn(`${count(slow, "client")} closed for reading too slowly.`)),
  ];
}

function ofClocks({ ingest, query, gateway }: OpsState): readonly Finding[] {
  const services = { "tick-ingest": ingest, "ohlc-query": query, "stream-gateway": gateway };
  return Object.entries(services).flatMap(([name, reading]) => {
    const skewS = sumOf(reading?.value, "clock_skew_seconds") ?? 0;
    const text = `The clock of ${name} is ${Math.abs(skewS).toFixed(1)} s ${skewS > 0 ? "ahead of" : "behind"} the database's.`;
    return when(Math.abs(skewS) > CLOCK_SKEW_MAX_S, warn(text));
  });
}

/** `1 message`, `1,200 messages`. */
function count(number: number, noun: string): string {
  return `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}
