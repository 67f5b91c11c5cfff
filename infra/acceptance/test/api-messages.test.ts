import { formatTime, nowUs } from "@fx-ohlc/schemas";
import { BookedSocket, lastingMessage, MessageBook } from "../src/api/message-book.js";
import { record, recordedExamples } from "../src/api/recorder.js";
import { impatientClient, System } from "../src/system.js";

/** Only clients that are too slow, and those that were away for too long, are told these: tests of stream-gateway hold them. */
const OF_OUTAGES = ["ConflatedMessage", "GapMessage", "PlainGap"];
const MINUTE = "2025-12-05T10:00";

describe("the AsyncAPI document", () => {
  const book = new MessageBook();
  let system: System;

  beforeAll(async () => {
    system = await System.create();
  });

  afterAll(async () => {
    await system.stop();
  });

  it("knows every message that clients and gateway exchange", async () => {
    const { edge, ingest } = await system.startAll();
    const client = impatientClient(ingest);
    await client.postTick({ symbol: "EURUSD", time: `${MINUTE}:00.000000Z`, price: 1.12345 });
    const open = (target: string) => BookedSocket.open(edge.url, target, book);
    const sockets = [await open("/ws/ohlc/minute?symbol=EURUSD")];
    // The first bar to come is the example.
    await book.has("PlainBar");
    const channels = await open("/ws");
    sockets.push(channels, ...(await Promise.all(["/ws/ticks", "/ws/ohlc/hour", "/ws/ohlc/day"].map(open))));
    channels.say({ op: "subscribe", id: 1, channels: ["ticks:EURUSD", "ohlc:EURUSD:minute"] });
    await book.has("SubscribedMessage", "FinalBarMessage");
    await client.postTick({ symbol: "EURUSD", time: `${MINUTE}:01.000000Z`, price: 1.1235 });
    await book.has("ChannelTicksMessage", "PlainTick", "RevisedBarMessage");
    channels.say({ op: "subscribe", id: 2, channels: ["ticks:*", "ohlc:GBPUSD:day"] });
    await book.has("HeartbeatMessage");
    await client.postTick({ symbol: "GBPUSD", time: formatTime(nowUs()), price: 1.335 });
    await book.has("RunningBarMessage");
    channels.say({ op: "ping", id: 3 });
    channels.say({ op: "unsubscribe", id: 4, channels: ["ohlc:EURUSD:minute"] });
    channels.say({ op: "subscribe", id: 5, channels: ["ticks:EURUSD", "news:EURUSD"] });
    await book.has("PongMessage", "UnsubscribedMessage", "ErrorMessage");
    // The last tick of a bar that clients have seen goes: its prices are null from now on.
    await client.deleteTicks({ symbol: "EURUSD", start: `${MINUTE}:00Z`, end: `${MINUTE}:59Z` });
    for (const socket of sockets) socket.close();
    expect(book.faults).toEqual([]);
  });

  it("has an example of every message, and each is what really comes", () => {
    if (process.env.RECORD_EXAMPLES !== undefined) {
      const { messages } = recordedExamples();
      record({ messages: { ...Object(messages), ...book.messages } });
    }
    const recorded = Object.entries(Object(recordedExamples().messages)).filter(([name]) => !OF_OUTAGES.includes(name));
    expect(lastingMessage(Object.fromEntries(recorded))).toEqual(lastingMessage(book.messages));
  });
});
