import { eventually } from "@fx-ohlc/testkit";
import type { ChannelName, StreamEvent } from "../src/index.js";
import { ScriptedGateway } from "./scripted-gateway.js";
import { bar, CHANNEL, MINUTES, reader, StreamUnderTest, subscribed, tick, ticks } from "./stream-under-test.js";

/** Ticks may be stamped a little ahead of the server's clock: what has no end is not read up to now. */
const FOREVER = encodeURIComponent("9999-01-01T00:00:00Z");

let gateway: ScriptedGateway;
let under: StreamUnderTest;

beforeEach(async () => {
  gateway = await ScriptedGateway.start();
  under = new StreamUnderTest(gateway);
});
afterEach(async () => {
  await under.stop();
});

describe("what the stream cannot give", () => {
  /** A stream that has handed out the tick of second 2, lost its connection, and come back too late. */
  async function afterOutage(messages: object[]): Promise<() => Promise<StreamEvent>> {
    const next = reader(under.open());
    const first = await under.subscribedPeer();
    first.send(ticks(101, tick(2)));
    await next();
    first.cut();
    const second = await gateway.peer();
    await second.request();
    second.send(subscribed(false, "f-1"), ...messages);
    return next;
  }

  it("is read over HTTP from a minute before the last tick, before anything newer is handed out, and once", async () => {
    gateway.answers.set("/ticks", [tick(2), tick(3), tick(4)]);
    const next = await afterOutage([ticks(2, tick(4), tick(5))]);
    expect(await next()).toEqual({
      type: "reloaded-ticks",
      channel: CHANNEL,
      symbol: "EURUSD",
      from: "2100-12-05T09:59:02.000Z",
      ticks: [tick(2), tick(3), tick(4)],
    });
    expect(await next()).toEqual(ticks(2, tick(5)));
    expect(gateway.reads).toEqual([
      `/ticks?symbol=EURUSD&start=${encodeURIComponent("2100-12-05T09:59:02.000Z")}&end=${FOREVER}&limit=2000`,
    ]);
  });

  it("is read again when the connection breaks meanwhile", async () => {
    gateway.answers.set("/ticks", [tick(3)]);
    const asked = new Promise<void>((resolve) => {
      gateway.beforeAnswer = () => {
        resolve();
        return new Promise(() => {});
      };
    });
    const next = reader(under.open({ positions: { [CHANNEL]: { offset: "e-1", time: tick(2).time } } }));
    const first = await under.subscribedPeer(false);
    await asked;
    first.send(ticks(102, tick(9)));
    first.cut();
    gateway.beforeAnswer = () => {};
    const second = await gateway.peer();
    // What came meanwhile waits for what is read: it need not be sent again.
    await expect(second.request()).resolves.toMatchObject({ since: { [CHANNEL]: "e-102" } });
    second.send(subscribed(true, "e-102"));
    await expect(next()).resolves.toMatchObject({ type: "reloaded-ticks", ticks: [tick(3)] });
    await expect(next()).resolves.toEqual(ticks(102, tick(9)));
  });

  it("is read over HTTP for a gap, and what follows the gap comes after it", async () => {
    gateway.answers.set("/ticks", [tick(3)]);
    const next = reader(under.open());
    const peer = await under.subscribedPeer();
    const gap = { type: "gap", channel: CHANNEL, from: tick(2).time, to: tick(5).time, reason: "lost" };
    peer.send(gap, ticks(105, tick(6)));
    await expect(next()).resolves.toMatchObject({
      type: "reloaded-ticks",
      from: gap.from,
      to: gap.to,
      ticks: [tick(3)],
    });
    await expect(next()).resolves.toEqual(ticks(105, tick(6)));
  });

  it("is what a correction says, which is told in its place and resumed from; where it does not say, its range is read", async () => {
    gateway.answers.set("/ticks", []);
    const opened = under.open();
    const next = reader(opened);
    const peer = await under.subscribedPeer();
    const range = { channel: CHANNEL, from: tick(2).time, to: tick(3).time };
    const corrected = { type: "corrected", offset: "e-102", ...range, ticks: [tick(2, 1.2)] };
    peer.send(ticks(101, tick(2)), corrected);
    await expect(next()).resolves.toEqual(ticks(101, tick(2)));
    await expect(next()).resolves.toEqual(corrected);
    expect(opened.positions).toEqual({ [CHANNEL]: { offset: "e-102", time: tick(2).time } });
    // What no loop has taken is missing, and no more than that.
    const later = { from: tick(0).time, to: tick(1).time };
    peer.send({ ...corrected, offset: "e-103", ...later, ticks: [] });
    await eventually(() => opened.positions[CHANNEL]?.offset === "e-103");
    expect(opened.positions[CHANNEL]?.missing).toEqual([later]);
    await next();
    peer.send({ type: "corrected", offset: "e-104", ...range }, ticks(105, tick(6)));
    // Nothing is stored there: what is held of it is gone.
    await expect(next()).resolves.toMatchObject({ type: "reloaded-ticks", from: range.from, to: range.to, ticks: [] });
    await expect(next()).resolves.toEqual(ticks(105, tick(6)));
  });

  it("is told again where it was read, deleted and stored once more", async () => {
    gateway.answers.set("/ticks", [tick(3)]);
    const next = reader(under.open());
    const peer = await under.subscribedPeer();
    const range = { channel: CHANNEL, from: tick(2).time, to: tick(5).time };
    const deleted = { type: "corrected", offset: "e-106", ...range, ticks: [] };
    peer.send({ type: "gap", ...range, reason: "lost" }, ticks(105, tick(3)), deleted, ticks(107, tick(3)));
    await expect(next()).resolves.toMatchObject({ type: "reloaded-ticks", ticks: [tick(3)] });
    await expect(next()).resolves.toEqual(deleted);
    await expect(next()).resolves.toEqual(ticks(107, tick(3)));
  });

  it("is not read over HTTP where hours of old ticks were stored: the range is told, and live ticks are not held up", async () => {
    gateway.answers.set("/ticks", [tick(3)]);
    const next = reader(under.open());
    const peer = await under.subscribedPeer();
    const range = { from: "2090-01-01T00:00:00Z", to: tick(0).time };
    const old = { type: "gap", channel: CHANNEL, ...range, reason: "trimmed", late: true };
    peer.send(old, ticks(105, tick(6)));
    await expect(next()).resolves.toEqual(old);
    await expect(next()).resolves.toEqual(ticks(105, tick(6)));
    peer.send({ ...old, from: tick(2).time, to: tick(5).time });
    await expect(next()).resolves.toMatchObject({ type: "reloaded-ticks", ticks: [tick(3)] });
  });

  it("is read over HTTP for a symbol that was met first after an outage, under a wildcard", async () => {
    gateway.answers.set("/ticks", [tick(3)]);
    const next = reader(under.open({ channels: ["ticks:*"] }));
    const first = await gateway.peer();
    await first.request();
    const heartbeat = { type: "heartbeat", time: tick(0).time, offsets: {} };
    first.send(subscribed(false, "e-1", "ticks:*"), heartbeat, ticks(101, tick(1)));
    await next();
    first.cut();
    const second = await gateway.peer();
    await second.request();
    const known = { channel: CHANNEL, offset: "e-101", recovered: true };
    second.send({ type: "subscribed", channels: [{ channel: "ticks:*", recovered: false }, known] });
    second.send({ ...heartbeat, offsets: { [CHANNEL]: "e-101", "ticks:USDJPY": "e-2" } });
    await expect(next()).resolves.toMatchObject({ type: "reloaded-ticks", channel: "ticks:USDJPY" });
    second.send({ ...ticks(3, tick(7)), channel: "ticks:USDJPY" });
    await expect(next()).resolves.toMatchObject({ type: "ticks", channel: "ticks:USDJPY", ticks: [tick(7)] });
    expect(gateway.reads).toEqual([expect.stringContaining("symbol=USDJPY")]);
  });

  it("is read from before it was lost also when this machine's clock is hours ahead of the server's", async () => {
    gateway.answers.set("/ticks", [tick(3)]);
    const next = reader(under.open());
    const first = await under.subscribedPeer();
    // Nothing but the time of subscribing is known of the channel, and that is this machine's, long after this heartbeat.
    first.send(
      { type: "heartbeat", time: "2020-12-05T10:00:00.000000Z", offsets: {} },
      { type: "conflated", channel: CHANNEL },
    );
    await next();
    first.cut();
    await under.subscribedPeer(false, "f-1");
    await expect(next()).resolves.toMatchObject({ type: "reloaded-ticks", from: "2020-12-05T09:59:00.000Z" });
  });

  it("is reported as a gap when it cannot be read either", async () => {
    const next = await afterOutage([ticks(2, tick(5))]);
    await expect(next()).resolves.toMatchObject({ type: "gap", channel: CHANNEL, from: "2100-12-05T09:59:02.000Z" });
    await expect(next()).resolves.toEqual(ticks(2, tick(5)));
  });

  it("is read for bars from the last final one, and only what is closed", async () => {
    const bars = [1, 2, 3].map((minute) => ({ bucket: `2100-12-05T10:0${minute}:00Z`, complete: minute < 3 }));
    gateway.answers.set("/ohlc/minute", bars);
    const next = reader(under.open({ channels: [MINUTES] }));
    const first = await gateway.peer();
    await first.request();
    first.send(subscribed(false, "e-1", MINUTES), bar("bar", 0), bar("final", 1), bar("bar", 2));
    for (let count = 0; count < 3; count += 1) await next();
    first.cut();
    const second = await gateway.peer();
    await expect(second.request()).resolves.toMatchObject({ since: {} });
    second.send(subscribed(false, "e-1", MINUTES), bar("bar", 3));
    await expect(next()).resolves.toEqual({
      type: "reloaded-bars",
      channel: MINUTES,
      symbol: "EURUSD",
      interval: "minute",
      side: "mid",
      bars: bars.slice(0, 2),
    });
    await expect(next()).resolves.toEqual(bar("bar", 3));
    expect(gateway.reads).toEqual([expect.stringContaining(`start=${encodeURIComponent("2100-12-05T10:00:00.000Z")}`)]);
  });

  it.each([
    ["bid", "price=bid"],
    ["ask", "price=ask"],
    ["quote", "include=bid%2Cask%2Cspread"],
  ] as const)("is read for bars of channels of :%s as these tell them", async (side, query) => {
    const channel: ChannelName = `${MINUTES}:${side}`;
    const bars = [{ bucket: "2100-12-05T10:01:00Z", open: null, complete: true }];
    gateway.answers.set("/ohlc/minute", bars);
    const next = reader(under.open({ channels: [channel] }));
    const peer = await gateway.peer();
    await peer.request();
    const range = { from: "2100-12-05T10:01:00.000000Z", to: "2100-12-05T12:01:00.000000Z" };
    peer.send(subscribed(false, "e-1", channel), { type: "gap", channel, ...range, reason: "revised" });
    await expect(next()).resolves.toMatchObject({ type: "reloaded-bars", channel, interval: "minute", side, bars });
    expect(gateway.reads).toEqual([expect.stringContaining(query)]);
  });
});
