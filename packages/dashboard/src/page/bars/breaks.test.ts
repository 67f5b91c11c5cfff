import { breaksOf, type Gap, lastOutage, outageText } from "./breaks.js";
import type { BarSeries } from "./buckets.js";
import type { ChartBar } from "./chart-bar.js";

const at = (text: string): number => Date.parse(`2026-11-24T${text}:00Z`) / 1000;
const bar = (text: string): ChartBar => ({ time: at(text), open: 1, high: 1, low: 1, close: 1, count: 1 });
const gap = (from: string, to: string, reason: Gap["reason"] = "no_ticks"): Gap => ({
  from: at(from),
  to: at(to),
  reason,
});
const MINUTES: BarSeries = { symbol: "EURUSD", interval: "1m", boundary: "22utc" };
const HOURS: BarSeries = { ...MINUTES, interval: "1h" };

describe("breaksOf", () => {
  const bars = [bar("09:58"), bar("09:59"), bar("13:30"), bar("13:31")];

  it("has an outage in as many places as its words need, with its length", () => {
    const [outage, ...others] = breaksOf(bars, [gap("10:00", "13:30")], MINUTES);
    expect(others).toEqual([]);
    expect(outage?.text).toBe("3 h 30 min without ticks");
    expect(outage?.times).toHaveLength(10);
    expect(outage?.times[0]).toBe(at("10:00"));
  });

  it("has one that lasts until now after the last bar, and says when feeds were down", () => {
    const [outage] = breaksOf(bars.slice(0, 2), [gap("10:00", "10:06", "feed_down")], MINUTES);
    expect(outage?.text).toBe("6 min without ticks, feed down");
    expect(outage?.times).toHaveLength(6);
  });

  it("has only as many places as bars are missing, and none where none is", () => {
    expect(breaksOf([bar("09:00"), bar("13:00")], [gap("09:45", "13:15")], HOURS)[0]?.times).toHaveLength(3);
    expect(breaksOf([bar("09:00"), bar("10:00")], [gap("09:45", "10:15")], HOURS)).toEqual([]);
  });

  it("has one place for a closed market, beside the outage that it follows or precedes", () => {
    expect(breaksOf(bars, [gap("10:00", "13:30", "market_closed")], MINUTES)).toEqual([
      { times: [at("10:00")], text: "" },
    ]);
    const after = breaksOf(bars, [gap("10:00", "11:00"), gap("11:00", "13:30", "market_closed")], MINUTES);
    expect(after.map(({ text }) => text)).toEqual(["1 h without ticks", ""]);
    const before = breaksOf(bars, [gap("10:00", "11:00", "market_closed"), gap("11:00", "13:30")], MINUTES);
    expect(before.map(({ text }) => text)).toEqual(["", "2 h 30 min without ticks"]);
  });
});

describe("the last outage", () => {
  const friday = gap("10:00", "12:00");
  const weekend = gap("12:00", "20:00", "market_closed");
  const sunday = gap("20:00", "21:30");

  it("goes on after the market was closed, whose hours are not counted", () => {
    const outage = lastOutage([gap("08:00", "08:10"), friday, weekend, sunday]);
    expect(outage).toEqual([friday, sunday]);
    expect(outageText(outage, at("22:00"), "utc")).toBe("3 h 30 min without ticks, 10:00 to 21:30 UTC");
  });

  it("is one of its own where ticks came in between, and none is a market that was closed", () => {
    expect(lastOutage([friday, weekend, gap("20:30", "21:30")])).toEqual([gap("20:30", "21:30")]);
    expect(lastOutage([weekend])).toEqual([]);
  });
});
