import { eventually } from "@fx-ohlc/testkit";
import {
  type ChannelName,
  type EventOf,
  FxClient,
  type FxStream,
  StreamClosedError,
  type StreamEvent,
} from "../src/index.js";
import { type Peer, ScriptedGateway } from "./scripted-gateway.js";

const CHANNEL = "ticks:EURUSD";
const MINUTES = "ohlc:EURUSD:minute";
/** Ticks may be stamped a little ahead of the server's clock: what has no end is not read up to now. */
const FOREVER = encodeURIComponent("9999-01-01T00:00:00Z");

let gateway: ScriptedGateway;
let client: FxClient;
let stream: FxStream | undefined;

beforeEach(async () => {
  gateway = await ScriptedGateway.start();
  client = new FxClient({ url: gateway.url, retry: { attemptsMax: 1 } });
});
afterEach(async () => {
  stream?.close();
  await gateway.stop();
});

/** In the future, so that no tick is older than the subscription. */
const tick = (second: number, price = 1.1) => ({
  time: `2100-12-05T10:00:${String(second).padStart(2, "0")}.000000Z`,
  price,
  seq: 0,
});
const ticks = (sequence: number, ...rows: object[]) => ({
  type: "ticks",
  channel: CHANNEL,
  offset: `e-${sequence}`,
  ticks: rows,
});
const bar = (type: string, minute: number) => ({
  type,
  channel: MINUTES,
  bar: { symbol: "EURUSD", bucket: `2100-12-05T10:0${minute}:00Z`, open: 1, complete: type === "final" },
});
const subscribed = (recovered: boolean, offset = "e-100", channel = CHANNEL) => ({
  type: "subscribed",
  channels: [{ channel, offset, recovered }],
});

function open(options: Partial<Parameters<FxClient["stream"]>[0]> = {}): FxStream {
  stream = client.stream({ channels: [CHANNEL], reconnect: { baseMs: 1, capMs: 1 }, ...options });
  return stream;
}

/** The stream's events but those of its status, one at a time. */
function reader(opened: FxStream): () => Promise<StreamEvent> {
  const events = opened[Symbol.asyncIterator]();
  return async () => {
    for (;;) {
      const { done, value } = await events.next();
      if (done) throw new Error("the stream ended");
      if (value.type !== "status") return value;
    }
  };
}

/** A client that has subscribed and been answered. */
async function subscribedPeer(recovered = false, offset = "e-100"): Promise<Peer> {
  const peer = await gateway.peer();
  await peer.request();
  peer.send(subscribed(recovered, offset));
  return peer;
}

describe("a stream", () => {
  it("hands out what is sent, in order, to a loop and to listeners, and passes over what it does not know", async () => {
    const opened = open({ channels: [CHANNEL, MINUTES] });
    const heard: string[] = [];
    opened.on("ticks", ({ offset }) => heard.push(offset));
    opened.on("final", (event) => heard.push(event.bar.bucket));
    const next = reader(opened);
    const peer = await gateway.peer();
    await expect(peer.request()).resolves.toMatchObject({ op: "subscribe", channels: [CHANNEL, MINUTES], since: {} });
    const sent = [ticks(101, tick(1)), bar("bar", 1), bar("final", 1), ticks(102, tick(2), tick(3))];
    peer.send(subscribed(false), { type: "invented", channel: CHANNEL }, ...sent);
    for (const message of sent) expect(await next()).toEqual(message);
    expect(heard).toEqual(["e-101", "2100-12-05T10:01:00Z", "e-102"]);
  });

  it("connects again after a cut and goes on from the last offset it handed out", async () => {
    const next = reader(open());
    const first = await subscribedPeer();
    first.send(ticks(101, tick(1)), ticks(102, tick(2)));
    await next();
    await next();
    first.cut();
    const second = await gateway.peer();
    await expect(second.request()).resolves.toMatchObject({ channels: [CHANNEL], since: { [CHANNEL]: "e-102" } });
    second.send(subscribed(true), ticks(103, tick(3)));
    await expect(next()).resolves.toEqual(ticks(103, tick(3)));
    expect(gateway.reads).toEqual([]);
  });

  it("goes on from where it subscribed when nothing had come before the cut", async () => {
    open().on("ticks", () => {});
    (await subscribedPeer(false, "e-7")).cut();
    await expect((await gateway.peer()).request()).resolves.toMatchObject({ since: { [CHANNEL]: "e-7" } });
  });

  it("goes on in another process from saved positions", async () => {
    open({ positions: { [CHANNEL]: { offset: "e-55", time: tick(1).time } } }).on("ticks", () => {});
    await expect((await gateway.peer()).request()).resolves.toMatchObject({ since: { [CHANNEL]: "e-55" } });
  });

  it("follows symbols it met under a wildcard from their own offsets", async () => {
    const opened = open({ channels: ["ticks:*"] });
    const next = reader(opened);
    const peer = await gateway.peer();
    await peer.request();
    const heartbeat = { type: "heartbeat", time: tick(0).time, offsets: { "ticks:USDJPY": "e-9" } };
    peer.send(subscribed(false, "e-1", "ticks:*"), heartbeat, ticks(101, tick(1)));
    await next();
    peer.cut();
    await expect((await gateway.peer()).request()).resolves.toMatchObject({
      since: { [CHANNEL]: "e-101", "ticks:USDJPY": "e-9" },
    });
  });

  it("waits as long as a server that goes away asks", async () => {
    const opened = open();
    const waiting = new Promise<EventOf<"status">>((resolve) => {
      opened.on("status", (event) => void (event.status === "waiting" && resolve(event)));
    });
    (await subscribedPeer()).close(1001, '{"retry_ms":1234}');
    const { retryMs = 0, reason } = await waiting;
    expect(retryMs).toBeGreaterThanOrEqual(1234);
    expect(reason).toBe('1001 {"retry_ms":1234}');
  });

  it.each([4001, 4400])("ends for good when it is closed with %d, and the loop throws", async (code) => {
    const opened = open();
    const next = reader(opened);
    const peer = await gateway.peer();
    await peer.request();
    peer.close(code, "refused");
    const error = await next().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StreamClosedError);
    expect(error).toMatchObject({ code, message: `the stream was closed: ${code} refused` });
  });

  it("takes a server that says nothing for dead", async () => {
    open({ silenceMaxMs: 30 }).on("ticks", () => {});
    const silent = await subscribedPeer();
    await silent.closed;
    await subscribedPeer(true);
  });

  it("keeps the connection when a request was refused, and says why", async () => {
    const next = reader(open());
    const peer = await subscribedPeer();
    const error = { type: "error", id: 1, code: "unknown_channel", message: "no such channel" };
    peer.send(error, ticks(101, tick(1)));
    expect(await next()).toEqual(error);
    expect(await next()).toEqual(ticks(101, tick(1)));
  });

  it("closes the connection when the reader leaves its loop", async () => {
    const opened = open();
    const peering = subscribedPeer();
    const loop = (async () => {
      for await (const event of opened) if (event.type === "ticks") break;
    })();
    const peer = await peering;
    const { closed } = peer;
    peer.send(ticks(101, tick(1)));
    await Promise.all([loop, closed]);
    expect(opened.positions).toEqual({ [CHANNEL]: { offset: "e-101", time: expect.any(String) } });
  });

  it("ends the loop when its signal aborts", async () => {
    const aborter = new AbortController();
    const opened = open({ signal: aborter.signal });
    const loop = (async () => {
      for await (const event of opened) if (event.type === "status" && event.status === "live") aborter.abort();
    })();
    await subscribedPeer();
    await loop;
  });

  it("follows and leaves channels while it is open", async () => {
    const opened = open();
    opened.on("ticks", () => {});
    const peer = await gateway.peer();
    await peer.request();
    const live = new Promise<void>((resolve) => {
      opened.on("status", ({ status }) => void (status === "live" && resolve()));
    });
    peer.send(subscribed(false));
    await live;
    opened.subscribe(MINUTES);
    await expect(peer.request()).resolves.toMatchObject({ op: "subscribe", channels: [MINUTES] });
    opened.unsubscribe(CHANNEL);
    await expect(peer.request()).resolves.toMatchObject({ op: "unsubscribe", channels: [CHANNEL] });
    peer.cut();
    await expect((await gateway.peer()).request()).resolves.toMatchObject({ channels: [MINUTES], since: {} });
  });

  it("asks for channels added before it is open with the first request, and for those added before its answer at once", async () => {
    const opened = open();
    opened.on("ticks", () => {});
    opened.subscribe("ticks:GBPUSD");
    opened.unsubscribe("ticks:GBPUSD");
    const peer = await gateway.peer();
    await expect(peer.request()).resolves.toMatchObject({ op: "subscribe", channels: [CHANNEL] });
    opened.subscribe(MINUTES);
    await expect(peer.request()).resolves.toMatchObject({ op: "subscribe", channels: [MINUTES] });
  });
});

describe("what the stream cannot give", () => {
  /** A stream that has handed out the tick of second 2, lost its connection, and come back too late. */
  async function afterOutage(messages: object[]): Promise<() => Promise<StreamEvent>> {
    const next = reader(open());
    const first = await subscribedPeer();
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
    const next = reader(open({ positions: { [CHANNEL]: { offset: "e-1", time: tick(2).time } } }));
    const first = await subscribedPeer(false);
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
    const next = reader(open());
    const peer = await subscribedPeer();
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
    const opened = open();
    const next = reader(opened);
    const peer = await subscribedPeer();
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
    const next = reader(open());
    const peer = await subscribedPeer();
    const range = { channel: CHANNEL, from: tick(2).time, to: tick(5).time };
    const deleted = { type: "corrected", offset: "e-106", ...range, ticks: [] };
    peer.send({ type: "gap", ...range, reason: "lost" }, ticks(105, tick(3)), deleted, ticks(107, tick(3)));
    await expect(next()).resolves.toMatchObject({ type: "reloaded-ticks", ticks: [tick(3)] });
    await expect(next()).resolves.toEqual(deleted);
    await expect(next()).resolves.toEqual(ticks(107, tick(3)));
  });

  it("is not read over HTTP where hours of old ticks were stored: the range is told, and live ticks are not held up", async () => {
    gateway.answers.set("/ticks", [tick(3)]);
    const next = reader(open());
    const peer = await subscribedPeer();
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
    const next = reader(open({ channels: ["ticks:*"] }));
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
    const next = reader(open());
    const first = await subscribedPeer();
    // Nothing but the time of subscribing is known of the channel, and that is this machine's, long after this heartbeat.
    first.send(
      { type: "heartbeat", time: "2020-12-05T10:00:00.000000Z", offsets: {} },
      { type: "conflated", channel: CHANNEL },
    );
    await next();
    first.cut();
    await subscribedPeer(false, "f-1");
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
    const next = reader(open({ channels: [MINUTES] }));
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
    const next = reader(open({ channels: [channel] }));
    const peer = await gateway.peer();
    await peer.request();
    const range = { from: "2100-12-05T10:01:00.000000Z", to: "2100-12-05T12:01:00.000000Z" };
    peer.send(subscribed(false, "e-1", channel), { type: "gap", channel, ...range, reason: "revised" });
    await expect(next()).resolves.toMatchObject({ type: "reloaded-bars", channel, interval: "minute", side, bars });
    expect(gateway.reads).toEqual([expect.stringContaining(query)]);
  });
});
