import type { BarsQuery, RangeQuery } from "../queries.js";
import { parseChannel } from "./channel.js";
import { readPage } from "./history.js";

test("bars are read again with the interval, the start of the day and the side of their channel", async () => {
  const asked: BarsQuery[] = [];
  const bar = { bucket: "2024-03-08T03:30:00Z", symbol: "EURUSD", tick_count: 1 };
  const prices = { open: 1, high: 1, low: 1, close: 1 };
  const reader = {
    async *bars(query: BarsQuery) {
      asked.push(query);
      yield { ...bar, ...prices, complete: true };
      yield { ...bar, ...prices, bucket: "2024-03-08T07:30:00Z", complete: false };
    },
    async *ticks(_query: RangeQuery) {},
  };
  const name = "ohlc:EURUSD:4h:ask@09:Asia/Kolkata";
  const channel = parseChannel(name);
  if (channel?.kind !== "ohlc") throw new Error("no channel of bars");
  const { event } = await readPage(reader, name, channel, { from: bar.bucket }, new AbortController().signal);
  expect(asked).toMatchObject([{ interval: "4h", dayStartHour: 9, timezone: "Asia/Kolkata", price: "ask" }]);
  expect(event).toMatchObject({ type: "reloaded-bars", interval: "4h", side: "ask", bars: [bar] });
});
