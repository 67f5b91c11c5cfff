import { formatTime, nowUs } from "@fx-ohlc/schemas";
import { BookedSocket, lastingMessage, MessageBook } from "../src/api/message-book.js";
import { record, recordedExamples } from "../src/api/recorder.js";
import { impatientClient, System } from "../src/system.js";

/** Clients that are too slow, or were away for too long, are told these with other reasons: tests of stream-gateway hold them. */
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
    // It is an old one: its range is told to those who follow ticks, and the bar to those who follow bars.
    await book.has("GapMessage", "PlainGap", "RevisedBarMessage");
    channels.say({ op: "subscribe", id: 2, channels: ["ticks:*", "ohlc:GBPUSD:day:quote"] });
    await book.has("HeartbeatMessage");
    await client.postTick({ symbol: "GBPUSD", time: formatTime(nowUs()), bid: 1.33496, ask: 1.33504 });
    await book.has("RunningBarMessage", "ChannelTicksMessage", "PlainTick");
    channels.say({ op: "ping", id: 3 });
    channels.say({ op: "unsubscribe", id: 4, channels: ["ohlc:EURUSD:minute"] });
    channels.say({ op: "subscribe", id: 5, channels: ["ticks:EURUSD", "news:EURUSD"] });
    await impatientClient(ingest, "lp1").postTick({ symbol: "USDJPY", time: formatTime(nowUs()), price: 155 });
    channels.say({ op: "subscribe", id: 6, channels: ["status:USDJPY"] });
    await book.has("StatusMessage");
    await book.has("PongMessage", "UnsubscribedMessage", "ErrorMessage");
    sockets.push(await open("/ws/ticks?corrections=1"));
    await client.putTick({ symbol: "EURUSD", time: `${MINUTE}:00.000000Z` }, 1.12346);
    await book.has("ChannelCorrectionMessage", "PlainCorrection");
    // The last tick of a bar that clients have seen goes: its prices are null from now on.
    await client.deleteTicks({ symbol: "EURUSD", start: `${MINUTE}:00Z`, end: `${MINUTE}:59Z` });
    for (const socket of sockets) socket.close();
    expect(book.faults).toEqual([]);
  });

  it("has an example of every message, and each is what really comes", () => {
    if (process.env.RECORD_EXAMPLES !== undefined) {
      const { messages } = recordedExamples();
      const { GapMessage: _gap, PlainGap: _plainGap, ...ofAllDays } = Object(book.messages);
      record({ messages: { ...Object(messages), ...ofAllDays } });
    }
    const ofAllDays = (messages: object) =>
      Object.fromEntries(Object.entries(messages).filter(([name]) => !OF_OUTAGES.includes(name)));
    expect(lastingMessage(ofAllDays(Object(recordedExamples().messages)))).toEqual(
      lastingMessage(ofAllDays(book.messages)),
    );
  });
});
