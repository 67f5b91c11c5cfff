import type { LiveBar, StreamEvent } from "@fx-ohlc/client";
import { LiveTable } from "./live-table.js";

const ticks = (channel: string, ...prices: number[]): StreamEvent => ({
  ...{ type: "ticks", channel, offset: "e-1" },
  ticks: prices.map((price, index) => ({ time: `2025-12-05T10:00:0${index}.000000Z`, price, seq: 0 })),
});

const bar = (type: "bar" | "final" | "revision", minute: number, close: number): StreamEvent => {
  const prices = { open: 1.1, high: 1.3, low: 1, close, tick_count: 1234 };
  const bucket = `2025-12-05T10:0${minute}:00Z`;
  const rest = { interval: "minute", symbol: "EURUSD", complete: true, final: true, timestamp: "" } as const;
  return { type, channel: "ohlc:EURUSD:minute", bar: { ...rest, ...prices, bucket } satisfies LiveBar };
};

describe("LiveTable", () => {
  it("shows the newest tick of each channel and how many came, in columns", () => {
    const table = new LiveTable();
    table.take(ticks("ticks:EURUSD", 1.1, 1.12345));
    table.take(ticks("ticks:USDJPY", 150.123));
    table.take({
      ...ticks("ticks:EURUSD", 1.09),
      ticks: [{ time: "2025-12-05T09:00:00.000000Z", price: 1, seq: 0 }],
    } as StreamEvent);
    expect(table.lines()).toEqual([
      "ticks   date        time               price  received",
      "EURUSD  2025-12-05  10:00:01.000000  1.12345         3",
      "USDJPY  2025-12-05  10:00:00.000000  150.123         1",
    ]);
  });

  it("shows the newest tick as it was corrected, and none where that was deleted", () => {
    const table = new LiveTable();
    table.take(ticks("ticks:EURUSD", 1.1, 1.12345));
    const range = { from: "2025-12-05T10:00:01.000000Z", to: "2025-12-05T10:00:01.000001Z" };
    const corrected = { type: "corrected", channel: "ticks:EURUSD", offset: "e-2", ...range } as const;
    table.take({ ...corrected, ticks: [{ time: range.from, price: 1.2, seq: 0 }] });
    expect(table.lines().at(-1)).toBe("EURUSD  2025-12-05  10:00:01.000000    1.2         2");
    table.take({ ...corrected, ticks: [] });
    expect(table.lines()).toEqual([]);
  });

  it("has columns for sides only where there are some", () => {
    const table = new LiveTable();
    const quote = { time: "2025-12-05T10:00:00.000000Z", price: 1.12345, bid: 1.12343, ask: 1.12347, seq: 0 };
    table.take({ ...ticks("ticks:EURUSD"), ticks: [quote] } as StreamEvent);
    table.take(ticks("ticks:USDJPY", 150.123));
    table.take(bar("bar", 1, 1.2));
    const { bar: plain } = bar("bar", 1, 1.2) as Extract<StreamEvent, { type: "bar" }>;
    const sides = { bid_close: 1.19, ask_close: 1.21, spread_avg: 0.015, quote_count: 3 };
    table.take({ type: "bar", channel: "ohlc:EURUSD:minute:quote", bar: { ...plain, ...sides } });
    expect(table.lines()).toEqual([
      "ticks   date        time               price      bid      ask  received",
      "EURUSD  2025-12-05  10:00:00.000000  1.12345  1.12343  1.12347         1",
      "USDJPY  2025-12-05  10:00:00.000000  150.123        –        –         1",
      "",
      "bars                 bucket                         open  high  low  close   bid   ask  spread  ticks",
      "EURUSD minute        2025-12-05T10:01:00Z  running   1.1   1.3    1    1.2     –     –       –  1,234",
      "EURUSD minute quote  2025-12-05T10:01:00Z  running   1.1   1.3    1    1.2  1.19  1.21   0.015  1,234",
    ]);
  });

  it("shows the running bar of each channel, a final one until the next begins, and never an older one", () => {
    const table = new LiveTable();
    table.take(bar("bar", 1, 1.2));
    table.take(bar("final", 1, 1.25));
    expect(table.lines().at(-1)).toBe("EURUSD minute  2025-12-05T10:01:00Z  final   1.1   1.3    1   1.25  1,234");
    table.take(bar("bar", 2, 1.26));
    table.take(bar("final", 1, 1.27));
    table.take(bar("revision", 0, 1));
    expect(table.lines().at(-1)).toBe("EURUSD minute  2025-12-05T10:02:00Z  running   1.1   1.3    1   1.26  1,234");
  });
});
