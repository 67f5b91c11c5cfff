import { canonicalName, covers, parseChannel } from "./channel.js";

describe("parseChannel", () => {
  it("reads the names of the contract and no others", () => {
    expect(parseChannel("ticks:EURUSD.BID")).toEqual({ kind: "ticks", symbol: "EURUSD.BID" });
    expect(parseChannel("ohlc:*:day")).toEqual({ kind: "ohlc", symbol: "*", interval: "day", side: "mid" });
    const symbol = "BINANCE:BTC@PERP";
    expect(parseChannel(`ticks:${symbol}`)).toEqual({ kind: "ticks", symbol });
    expect(parseChannel(`ohlc:${symbol}:1h`)).toEqual({ kind: "ohlc", symbol, interval: "hour", side: "mid" });
    expect(parseChannel(`ohlc:${symbol}:1h:ask`)).toEqual({ kind: "ohlc", symbol, interval: "hour", side: "ask" });
    expect(parseChannel("ohlc:eurusd:15s")).toMatchObject({ symbol: "EURUSD", interval: "15s", side: "mid" });
    expect(parseChannel("ohlc:*:100t:quote")).toMatchObject({ interval: "100t", side: "quote" });
    const boundary = { hour: 9, timezone: "Asia/Kolkata" };
    expect(parseChannel(`ohlc:${symbol}:4h:bid@9:Asia/Kolkata`)).toMatchObject({
      symbol,
      interval: "4h",
      side: "bid",
      boundary,
    });
    for (const name of [
      "",
      "ticks",
      "ticks:",
      "ohlc:EURUSD",
      "ohlc:EURUSD:week",
      "ohlc:EURUSD:bid",
      "ohlc:EURUSD:5m@17:UTC",
      "quotes:EURUSD",
    ]) {
      expect(parseChannel(name)).toBeUndefined();
    }
  });
});

describe("canonicalName", () => {
  it("is the spelling that messages carry", () => {
    const names = [
      "ticks:eur/usd",
      "ticks:EUR_USD",
      "ohlc:FX:EURUSD:hour",
      "ohlc:eurusd:1m",
      "ohlc:*:1d",
      "ohlc:eurusd:1m:quote",
      "ohlc:eurusd:1d@9:Asia/Kolkata",
      "nonsense:x",
    ];
    expect(names.map(canonicalName)).toEqual([
      "ticks:EURUSD",
      "ticks:EURUSD",
      "ohlc:EURUSD:hour",
      "ohlc:EURUSD:minute",
      "ohlc:*:day",
      "ohlc:EURUSD:minute:quote",
      "ohlc:EURUSD:day@09:Asia/Kolkata",
      "nonsense:x",
    ]);
  });
});

describe("covers", () => {
  it("holds for the channel itself and for a wildcard of its kind, interval and side", () => {
    expect(covers("ticks:EURUSD", "ticks:EURUSD")).toBe(true);
    expect(covers("ticks:*", "ticks:EURUSD")).toBe(true);
    expect(covers("ohlc:*:minute", "ohlc:EURUSD:minute")).toBe(true);
    expect(covers("ohlc:*:minute", "ohlc:EURUSD:hour")).toBe(false);
    expect(covers("ohlc:*:minute", "ohlc:EURUSD:minute:bid")).toBe(false);
    expect(covers("ohlc:*:minute:bid", "ohlc:EURUSD:minute:bid")).toBe(true);
    expect(covers("ohlc:*:4h@17:UTC", "ohlc:EURUSD:4h@17:UTC")).toBe(true);
    expect(covers("ohlc:*:4h", "ohlc:EURUSD:4h@17:UTC")).toBe(false);
    expect(covers("ticks:*", "ohlc:EURUSD:minute")).toBe(false);
    expect(covers("ticks:EURUSD", "ticks:USDJPY")).toBe(false);
  });
});
