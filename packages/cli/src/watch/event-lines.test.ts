import type { StreamEvent } from "@fx-ohlc/client";
import { eventLines, remark } from "./event-lines.js";

const tick = { time: "2025-12-05T10:00:00.123456Z", price: 1.12345, seq: 0 };
const bar = {
  ...{ interval: "minute" as const, symbol: "EURUSD", bucket: "2025-12-05T10:00:00Z", timestamp: "" },
  ...{ open: 1.1, high: 1.3, low: 1, close: 1.2, tick_count: 4, complete: true, final: true },
};

describe("eventLines", () => {
  it("gives a line a tick, also for those that were caught up with", () => {
    const ticks: StreamEvent = {
      type: "ticks",
      channel: "ticks:EURUSD",
      offset: "e-1",
      ticks: [tick, { ...tick, seq: 1 }],
    };
    expect(eventLines(ticks)).toEqual([
      "ticks:EURUSD 2025-12-05T10:00:00.123456Z 1.12345 seq 0",
      "ticks:EURUSD 2025-12-05T10:00:00.123456Z 1.12345 seq 1",
    ]);
    const reloaded: StreamEvent = {
      ...{ type: "reloaded-ticks", channel: "ticks:EURUSD", symbol: "EURUSD", from: tick.time },
      ticks: [{ symbol: "EURUSD", ...tick }],
    };
    expect(eventLines(reloaded)).toEqual(eventLines(ticks).slice(0, 1));
  });

  it("names both sides of a quote, and of a bar of all sides where they closed", () => {
    const quote = { ...tick, bid: 1.12343, ask: 1.12347 };
    expect(eventLines({ type: "ticks", channel: "ticks:EURUSD", offset: "e-1", ticks: [quote] })).toEqual([
      "ticks:EURUSD 2025-12-05T10:00:00.123456Z 1.12345 bid 1.12343 ask 1.12347 seq 0",
    ]);
    const sides = { bid_close: 1.19, ask_close: 1.21, spread_avg: 0.015, quote_count: 3 };
    expect(eventLines({ type: "bar", channel: "ohlc:EURUSD:minute:quote", bar: { ...bar, ...sides } })).toEqual([
      "ohlc:EURUSD:minute:quote 2025-12-05T10:00:00Z open 1.1 high 1.3 low 1 close 1.2 bid 1.19 ask 1.21 spread 0.015 quotes 3 ticks 4 bar",
    ]);
  });

  it("tells of a correction, and what its range holds now", () => {
    const to = "2025-12-05T10:00:00.123457Z";
    const corrected = { type: "corrected", channel: "ticks:EURUSD", offset: "e-2", from: tick.time, to } as const;
    const head = `ticks:EURUSD corrected from ${tick.time} to ${to} ticks`;
    expect(eventLines({ ...corrected, ticks: [tick] })).toEqual([
      `${head} 1`,
      `ticks:EURUSD ${tick.time} 1.12345 seq 0`,
    ]);
    expect(eventLines({ ...corrected, ticks: [] })).toEqual([`${head} 0`]);
  });

  it("gives a line a bar that says whether it may change", () => {
    expect(eventLines({ type: "final", channel: "ohlc:EURUSD:minute", bar })).toEqual([
      "ohlc:EURUSD:minute 2025-12-05T10:00:00Z open 1.1 high 1.3 low 1 close 1.2 ticks 4 final",
    ]);
  });
});

describe("remark", () => {
  it("tells of what was skipped and lost, and of nothing else", () => {
    const range = { channel: "ticks:EURUSD", from: tick.time, to: "2025-12-05T10:00:05.000000Z" };
    expect(remark({ type: "conflated", skipped: 12, ...range })).toBe(
      "ticks:EURUSD: 12 ticks skipped from 10:00:00.123456 to 10:00:05.000000",
    );
    expect(remark({ type: "gap", reason: "no answer", ...range })).toContain(
      "nothing is known from 2025-12-05T10:00:00",
    );
    expect(remark({ type: "status", status: "waiting", reason: "1006" })).toBe("connection lost (1006), trying again");
    expect(remark({ type: "status", status: "live" })).toBeUndefined();
    expect(remark({ type: "final", channel: "ohlc:EURUSD:minute", bar })).toBeUndefined();
  });
});
