import type { LiveBar } from "@fx-ohlc/client";
import { NewestBars } from "./newest-bars.js";

const bar = (bucket: string, close: number, tick_count = 1, interval: "minute" | "day" = "minute"): LiveBar => ({
  ...{ interval, bucket, symbol: "EURUSD", open: 1, high: 2, low: 1, close, tick_count },
  ...{ complete: false, final: false, timestamp: "" },
});

describe("NewestBars", () => {
  it("keeps the last form of the newest bar of each interval, by symbol", () => {
    const newest = new NewestBars();
    newest.note(bar("2026-01-01T10:01:00Z", 1), "minute");
    newest.note(bar("2026-01-01T10:01:00Z", 2), "minute");
    newest.note(bar("2026-01-01T10:00:00Z", 3), "minute");
    newest.note(bar("2025-12-31T22:00:00Z", 4, 1, "day"), "day");
    expect(newest.of("EURUSD").minute?.close).toBe(2);
    expect(newest.of("EURUSD").day?.close).toBe(4);
    expect(newest.of("GBPUSD")).toEqual({});
  });

  it("does not take a bar that has vanished for the newest", () => {
    const newest = new NewestBars();
    newest.note(bar("2026-01-01T10:00:00Z", 1), "minute");
    newest.note(bar("2026-01-01T10:01:00Z", 0, 0), "minute");
    expect(newest.of("EURUSD").minute?.close).toBe(1);
  });
});
