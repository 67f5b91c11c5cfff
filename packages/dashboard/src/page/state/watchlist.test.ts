import type { ChartBar } from "../bars/chart-bar.js";
import { reduceWatch, ticksSeen, type WatchEvent, type WatchRow, type WatchRows } from "./watchlist.js";

const EMPTY: WatchRows = new Map();
const bar = (time: number, close: number, count: number): ChartBar => ({
  time,
  open: 1,
  high: 2,
  low: 1,
  close,
  count,
});
const minute = (time: number, close: number, count: number, atMs = 10_000): WatchEvent => ({
  type: "minute",
  symbol: "EURUSD",
  bar: bar(time, close, count),
  atMs,
});

function rowAfter(...events: WatchEvent[]): WatchRow | undefined {
  return reduceWatch(EMPTY, events).get("EURUSD");
}

describe("reduceWatch", () => {
  it("shows the first price without a flash, and each later one with one", () => {
    expect(rowAfter(minute(60, 1.1, 1))).toMatchObject({ last: 1.1, beat: 0, direction: 0 });
    expect(rowAfter(minute(60, 1.1, 1), minute(60, 1.2, 2))).toMatchObject({ last: 1.2, beat: 1, direction: 1 });
    expect(rowAfter(minute(60, 1.2, 1), minute(60, 1.1, 2))).toMatchObject({ direction: -1 });
  });

  it("flashes for a tick at the same price, and not for a bar that only became final", () => {
    expect(rowAfter(minute(60, 1.1, 1), minute(60, 1.1, 2))).toMatchObject({ beat: 1 });
    expect(rowAfter(minute(60, 1.1, 1), minute(60, 1.1, 1))).toMatchObject({ beat: 0 });
  });

  it("does not go back to the price of an earlier minute that comes again", () => {
    expect(rowAfter(minute(120, 1.2, 1), minute(60, 1.1, 9))?.last).toBe(1.2);
  });

  it("lets a bar that is behind the ticks not undo them, and believes it once it has caught up", () => {
    const tick: WatchEvent = { type: "tick", symbol: "EURUSD", price: 1.3, atMs: 10_000 };
    expect(rowAfter(tick, minute(60, 1.2, 5, 10_200))?.last).toBe(1.3);
    expect(rowAfter(tick, minute(60, 1.2, 5, 12_000))?.last).toBe(1.2);
  });

  it("shows the newest quote, of a tick or of a bar that is not behind it, with what the symbol's pips are", () => {
    const sides = { bid: 1.1, ask: 1.2 };
    const facts = { pip: 0.01, digits: null };
    const quoted: WatchEvent = { type: "tick", symbol: "EURUSD", price: 1.15, atMs: 10_000, sides };
    const row = rowAfter({ type: "symbol", symbol: "EURUSD", facts }, quoted);
    expect(row).toMatchObject({ sides, pip: 0.01, digits: undefined });
    const later = { bid: 1.3, ask: 1.4 };
    const bar = (atMs: number) => ({ ...minute(60, 1.35, 5, atMs), sides: later }) as WatchEvent;
    expect(rowAfter(quoted, bar(10_200))?.sides).toEqual(sides);
    expect(rowAfter(quoted, bar(12_000))?.sides).toEqual(later);
    expect(rowAfter(quoted, bar(12_000), minute(120, 1.5, 1, 14_000))?.sides).toEqual(later);
  });

  it("counts every tick once, over minutes, and none of those from before the page was opened", () => {
    const rows = reduceWatch(EMPTY, [minute(60, 1, 40), minute(60, 1, 42), minute(60, 1, 42), minute(120, 1, 3)]);
    expect(ticksSeen(rows)).toBe(5);
  });

  it("forgets its days when days begin elsewhere", () => {
    const day: WatchEvent = { type: "day", symbol: "EURUSD", bar: bar(86_400, 1.2, 1) };
    expect(rowAfter(day)?.days).toHaveLength(1);
    expect(rowAfter(day, { type: "boundary" })?.days).toEqual([]);
  });

  it("shows prices with the digits that are said of the symbol", () => {
    const facts = (digits: number): WatchEvent => ({ type: "symbol", symbol: "EURUSD", facts: { pip: null, digits } });
    expect(rowAfter(minute(60, 1.1, 1), facts(8))?.decimals).toBe(8);
    expect(rowAfter(facts(2), minute(60, 157_403_029.9, 1))?.decimals).toBe(2);
    expect(rowAfter(facts(2), minute(60, 1.12345, 1))?.decimals).toBe(5);
  });

  it("knows when the last tick was: exactly by the symbol's facts and by ticks, else by what was heard of its minute", () => {
    const last_tick = "1970-01-01T00:01:42.5Z";
    const facts: WatchEvent = { type: "symbol", symbol: "EURUSD", facts: { pip: null, digits: null, last_tick } };
    expect(rowAfter(minute(60, 1.1, 1, 500_000))?.lastAtMs).toBe(60_000);
    expect(rowAfter(facts, minute(60, 1.1, 1, 500_000))?.lastAtMs).toBe(102_500);
    expect(rowAfter(facts, minute(480, 1.1, 1, 500_000))?.lastAtMs).toBe(500_000);
    const tick: WatchEvent = { type: "tick", symbol: "EURUSD", price: 1, atMs: 600_000, tickMs: 599_000 };
    expect(rowAfter(facts, tick)?.lastAtMs).toBe(599_000);
    // A bar that only became final says nothing new.
    expect(rowAfter(tick, minute(540, 1, 1, 600_100), minute(540, 1, 1, 602_000))?.lastAtMs).toBe(600_000);
  });

  it("leaves rows that nothing happened to as they were", () => {
    const rows = reduceWatch(EMPTY, [minute(60, 1, 1), { type: "symbol", symbol: "GBPUSD" }]);
    const next = reduceWatch(rows, [minute(60, 2, 2)]);
    expect(next.get("GBPUSD")).toBe(rows.get("GBPUSD"));
    expect(next.get("EURUSD")).not.toBe(rows.get("EURUSD"));
  });
});
