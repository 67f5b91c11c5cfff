import type { Channel } from "@fx-ohlc/schemas";
import { Followed } from "./followed.js";

type Bars = Extract<Channel, { kind: "ohlc" }>;
const bars = (symbol: string, interval: Bars["interval"] = "minute", side: Bars["side"] = "mid"): Channel => {
  return { kind: "ohlc", symbol, interval, side };
};
const ticks = (symbol: string): Channel => ({ kind: "ticks", symbol });
const some = (count: number, name: string, of: (symbol: string) => Channel = bars) =>
  Array.from({ length: count }, (_, i) => of(`${name}${i}`));

const bounds = { channelsMax: 100, symbolsMax: 20 };

test("of symbols whose bars are followed a caller has a share, and others have room", () => {
  const followed = new Followed(bounds);
  followed.add("one", some(15, "A"));
  expect(followed.excess("one", [bars("B0")])).toBe("symbols");
  expect(followed.excess("other", some(5, "B"))).toBeUndefined();
  expect(followed.excess("other", some(6, "B"))).toBe("symbols");
});

test("a symbol that somebody follows costs nobody else anything, until all have left it", () => {
  const followed = new Followed(bounds);
  const own = some(15, "A");
  followed.add("one", own);
  const shared = [...own, ...own.map(({ symbol }) => bars(symbol, "hour"))];
  expect(followed.excess("other", [...shared, ...some(5, "B")])).toBeUndefined();
  followed.add("other", shared);
  followed.remove("one", own);
  expect(followed.excess("one", [bars("C0")])).toBe("symbols");
  followed.remove("other", shared);
  expect(followed.excess("one", some(15, "C"))).toBeUndefined();
});

test("a symbol's quotes are kept beside its prices, and count once more however many sides are followed", () => {
  const followed = new Followed(bounds);
  followed.add("one", some(14, "A"));
  followed.add("one", [bars("A0", "minute", "bid"), bars("A0", "hour", "ask"), bars("A0", "day", "quote")]);
  expect(followed.excess("one", [bars("A0", "hour", "quote")])).toBeUndefined();
  expect(followed.excess("one", [bars("A1", "hour", "quote")])).toBe("symbols");
});

test("of channels of any kind a caller has a share, too", () => {
  const followed = new Followed(bounds);
  followed.add("one", some(75, "A", ticks));
  expect(followed.excess("one", [ticks("B0")])).toBe("channels");
  expect(followed.excess("other", some(26, "B", ticks))).toBe("channels");
  followed.remove("one", some(1, "A", ticks));
  expect(followed.excess("one", [bars("*")])).toBeUndefined();
});

test("of other intervals and days there may be so many, each once however many symbols of it are followed", () => {
  const followed = new Followed({ intervalsMax: 4 });
  const level = (interval: Bars["interval"], symbol: string, hour?: number): Channel => {
    const boundary = hour === undefined ? {} : { boundary: { hour, timezone: "UTC" } };
    return { kind: "ohlc", symbol, interval, side: "mid", ...boundary };
  };
  followed.add("one", [
    level("4h", "A"),
    level("4h", "B"),
    level("4h", "A", 9),
    level("day", "A", 9),
    bars("A", "day"),
  ]);
  expect(followed.excess("one", [level("4h", "C"), level("day", "C", 9)])).toBeUndefined();
  expect(followed.excess("one", [level("8h", "A")])).toBe("intervals");
  expect(followed.excess("other", [level("8h", "A")])).toBeUndefined();
  followed.remove("one", [level("4h", "A", 9)]);
  expect(followed.excess("one", [level("8h", "A")])).toBeUndefined();
});

test("bars of all symbols cost as many as there are symbols, but for those that are stored", () => {
  const followed = new Followed({ barsOfAllMax: 40 }, () => 10);
  const all = (interval: Bars["interval"]) => bars("*", interval);
  followed.add("one", [all("5m"), all("15m"), all("1w"), all("minute"), all("day")]);
  expect(followed.excess("one", [all("5m"), all("hour")])).toBeUndefined();
  expect(followed.excess("one", [all("30m")])).toBe("bars of all symbols");
  expect(followed.excess("other", [all("30m")])).toBeUndefined();
  expect(followed.excess("other", [all("30m"), all("2h")])).toBe("bars of all symbols");
});
