import { channelName } from "@fx-ohlc/schemas";
import { parseChannel } from "./channel.js";

describe("a channel", () => {
  test.each([
    ["ticks:EURUSD", "ticks:EURUSD"],
    ["ticks:eur/usd", "ticks:EURUSD"],
    ["ticks:*", "ticks:*"],
    ["ohlc:EURUSD:minute", "ohlc:EURUSD:minute"],
    ["ohlc:EURUSD:1h", "ohlc:EURUSD:hour"],
    ["ohlc:*:day", "ohlc:*:day"],
    ["ticks:BINANCE:BTC@PERP", "ticks:BINANCE:BTC@PERP"],
    ["ohlc:BINANCE:BTC@PERP:1m", "ohlc:BINANCE:BTC@PERP:minute"],
    ["ohlc:FX:EURUSD:hour", "ohlc:EURUSD:hour"],
    ["ohlc:S&P500#:day", "ohlc:S&P500#:day"],
    ["ticks:A:minute", "ticks:A:MINUTE"],
    ["ohlc:eur/usd:1m:bid", "ohlc:EURUSD:minute:bid"],
    ["ohlc:BINANCE:BTC@PERP:1h:ask", "ohlc:BINANCE:BTC@PERP:hour:ask"],
    ["ohlc:*:day:quote", "ohlc:*:day:quote"],
    ["ohlc:bid:minute", "ohlc:BID:minute"],
    ["ohlc:A:minute:minute:bid", "ohlc:A:MINUTE:minute:bid"],
  ])("%s is read as %s", (raw, name) => {
    const channel = parseChannel(raw);
    expect(channel && channelName(channel)).toBe(name);
  });

  test.each([
    "",
    "ticks",
    "ticks:",
    "ticks:EURUSD:BID",
    "ohlc:EURUSD:BID:minute",
    "ticks:A*",
    "ohlc:A:minute:",
    "ticks:EUR USD",
    "ohlc:EURUSD",
    "ohlc:EURUSD:5m",
    "ohlc:EURUSD:bid",
    "ohlc:EURUSD:minute:mid",
    "ohlc:EURUSD:minute:BID",
    "ohlc:EURUSD:minute:bid:ask",
    "ohlc:EURUSD:ask:minute:bid",
    "ohlc::minute",
    "bars:EURUSD",
    7,
    null,
  ])("%j is none", (raw) => {
    expect(parseChannel(raw)).toBeUndefined();
  });
});
