import type { FeedJson } from "@fx-ohlc/client";
import { findingsOf } from "./findings.js";
import { parseMetrics, sumOf } from "./metrics-text.js";

const NOW = Date.parse("2026-11-24T12:00:00Z");
const feed = (symbol: string, state: FeedJson["state"], delay: number | null = null): FeedJson => ({
  feed: "lp1",
  symbol,
  state,
  since: "2026-11-24T08:30:00Z",
  last_tick: null,
  last_heard: "2026-11-24T08:30:00Z",
  ticks_per_second: 0,
  delay_p50_ms: delay,
  delay_p99_ms: delay,
  every_s: null,
  quiet_after_s: null,
});
const health = { status: "healthy" as const, timestamp: "", database: "connected", redis: "connected" };
const texts = (state: Parameters<typeof findingsOf>[0]) =>
  findingsOf(state, NOW).map(({ tone, text }) => `${tone}: ${text}`);

describe("what is wrong", () => {
  it("is nothing while everything answers and is within its bounds", () => {
    const ingest = parseMetrics("publish_buffer_messages 3\nclock_skew_seconds -0.2\n");
    expect(
      texts({ health: { value: health }, feeds: { value: [feed("EURUSD", "live", 20)] }, ingest: { value: ingest } }),
    ).toEqual([]);
  });

  it("comes the worst first, with how long and how many", () => {
    const ingest = parseMetrics(
      [
        "# HELP publish_dropped_total Messages given up.",
        "publish_dropped_total 1200",
        "bar_refresh_backlog_windows 1",
        "bar_refresh_backlog_age_seconds 300",
        "clock_skew_seconds 2.5",
      ].join("\n"),
    );
    const gateway = parseMetrics("live_bar_mismatch_total 1\n");
    const services = { "tick-ingest": "healthy", "ohlc-query": "unreachable" };
    const feeds = { value: [feed("EURUSD", "down"), feed("GBPUSD", "live", 7_000)] };
    const state = {
      health: { value: { ...health, status: "unhealthy" as const, services, redis: "disconnected" } },
      feeds,
      ingest: { value: ingest },
      gateway: { value: gateway },
    };
    expect(texts(state)).toEqual([
      "bad: ohlc-query is unreachable.",
      "bad: Redis is away: ticks are stored, and not told live.",
      "bad: Feed lp1 is down for 3 h 30 min: EURUSD.",
      "bad: Live bars differed from the database in 1 check.",
      "warn: Feed lp1 is late: one tick in 100 comes 7.0 s after its time.",
      "warn: Bars are behind: 1 window to refresh, the oldest for 5 min.",
      "warn: 1,200 messages of the stream given up since tick-ingest started.",
      "warn: The clock of tick-ingest is 2.5 s ahead of the database's.",
    ]);
  });

  it("is that nothing answers, where that is so", () => {
    expect(texts({ health: { error: new Error("no") } })[0]).toMatch(/does not say how it is/);
  });
});

describe("parseMetrics", () => {
  it("adds up a metric over its labels", () => {
    const metrics = parseMetrics(
      'a_total{symbol="EURUSD",x="{}"} 1.5\na_total{symbol="b"} 2\nb 1e3 1700000000\n\n# a\n',
    );
    expect(sumOf(metrics, "a_total")).toBe(3.5);
    expect(sumOf(metrics, "b")).toBe(1000);
    expect(sumOf(metrics, "c")).toBeUndefined();
  });
});
