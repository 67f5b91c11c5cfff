import type { GapJson } from "@fx-ohlc/client";
import { daysOf, shareText } from "./minutes.js";

const gap = (from: string, to: string, reason: GapJson["reason"]): GapJson => {
  const at = (time: string) => `2026-11-${time}:00.000000Z`;
  return { symbol: "EURUSD", from: at(from), to: at(to), seconds: 60, reason };
};

describe("the days of a range", () => {
  const range = { fromMs: Date.parse("2026-11-23T00:00:00Z"), toMs: Date.parse("2026-11-24T12:00:00Z") };

  it("are counted in minutes that were to hold ticks, the latest first", () => {
    const gaps = [
      gap("23T08:00", "23T11:30", "no_ticks"),
      gap("23T22:00", "24T02:00", "market_closed"),
      gap("24T11:59", "24T12:00", "feed_down"),
    ];
    const [today, yesterday] = daysOf(gaps, range);
    expect(today).toMatchObject({ from: 0, to: 720, open: 600, present: 599, gaps: 1 });
    expect(yesterday).toMatchObject({ open: 1320, present: 1110, gaps: 1 });
    expect(yesterday?.stretches).toEqual([
      { from: 480, to: 690, reason: "no_ticks" },
      { from: 1320, to: 1440, reason: "market_closed" },
    ]);
    expect(today?.stretches[0]).toEqual({ from: 0, to: 120, reason: "market_closed" });
  });

  it("are not whole while one minute is missing", () => {
    expect(shareText(99_999, 100_000)).toBe("99.9%");
    expect(shareText(5, 5)).toBe("100%");
    expect(shareText(0, 0)).toBe("–");
  });
});
