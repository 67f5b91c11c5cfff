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
    ["ohlc:eurusd:15s", "ohlc:EURUSD:15s"],
    ["ohlc:EURUSD:0100t", undefined],
    ["ohlc:*:100t:quote", "ohlc:*:100t:quote"],
    ["ohlc:BTC@PERP:4h@9:America/New_York", "ohlc:BTC@PERP:4h@09:America/New_York"],
    ["ohlc:EURUSD:1d:bid@17:America/Argentina/Buenos_Aires", "ohlc:EURUSD:day:bid@17:America/Argentina/Buenos_Aires"],
    ["ohlc:EURUSD:45m@00:Etc/GMT+5", "ohlc:EURUSD:45m@00:Etc/GMT+5"],
    ["ohlc:A:B@17:1d", "ohlc:A:B@17:day"],
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
    "ohlc:EURUSD:7m",
    "ohlc:EURUSD:9t",
    "ohlc:EURUSD:15m@17:America/New_York",
    "ohlc:EURUSD:4h@24:America/New_York",
    "ohlc:EURUSD:4h@17:America/Gotham",
    "ohlc:EURUSD:4h@17",
    "ohlc:EURUSD:4h@17:America/New_York:bid",
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
