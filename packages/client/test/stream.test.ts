import { type EventOf, StreamClosedError } from "../src/index.js";
import { ScriptedGateway } from "./scripted-gateway.js";
import { bar, CHANNEL, MINUTES, reader, StreamUnderTest, subscribed, tick, ticks } from "./stream-under-test.js";

let gateway: ScriptedGateway;
let under: StreamUnderTest;

beforeEach(async () => {
  gateway = await ScriptedGateway.start();
  under = new StreamUnderTest(gateway);
});
afterEach(async () => {
  await under.stop();
});

describe("a stream", () => {
  it("hands out what is sent, in order, to a loop and to listeners, and passes over what it does not know", async () => {
    const opened = under.open({ channels: [CHANNEL, MINUTES] });
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
    const next = reader(under.open());
    const first = await under.subscribedPeer();
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
    under.open().on("ticks", () => {});
    (await under.subscribedPeer(false, "e-7")).cut();
    await expect((await gateway.peer()).request()).resolves.toMatchObject({ since: { [CHANNEL]: "e-7" } });
  });

  it("goes on in another process from saved positions", async () => {
    under.open({ positions: { [CHANNEL]: { offset: "e-55", time: tick(1).time } } }).on("ticks", () => {});
    await expect((await gateway.peer()).request()).resolves.toMatchObject({ since: { [CHANNEL]: "e-55" } });
  });

  it("follows symbols it met under a wildcard from their own offsets", async () => {
    const opened = under.open({ channels: ["ticks:*"] });
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
    const opened = under.open();
    const waiting = new Promise<EventOf<"status">>((resolve) => {
      opened.on("status", (event) => void (event.status === "waiting" && resolve(event)));
    });
    (await under.subscribedPeer()).close(1001, '{"retry_ms":1234}');
    const { retryMs = 0, reason } = await waiting;
    expect(retryMs).toBeGreaterThanOrEqual(1234);
    expect(reason).toBe('1001 {"retry_ms":1234}');
  });

  it.each([4001, 4400])("ends for good when it is closed with %d, and the loop throws", async (code) => {
    const opened = under.open();
    const next = reader(opened);
    const peer = await gateway.peer();
    await peer.request();
    peer.close(code, "refused");
    const error = await next().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StreamClosedError);
    expect(error).toMatchObject({ code, message: `the stream was closed: ${code} refused` });
  });

  it("takes a server that says nothing for dead", async () => {
    under.open({ silenceMaxMs: 30 }).on("ticks", () => {});
    const silent = await under.subscribedPeer();
    await silent.closed;
    await under.subscribedPeer(true);
  });

  it("keeps the connection when a request was refused, and says why", async () => {
    const next = reader(under.open());
    const peer = await under.subscribedPeer();
    const error = { type: "error", id: 1, code: "unknown_channel", message: "no such channel" };
    peer.send(error, ticks(101, tick(1)));
    expect(await next()).toEqual(error);
    expect(await next()).toEqual(ticks(101, tick(1)));
  });

  it("closes the connection when the reader leaves its loop", async () => {
    const opened = under.open();
    const peering = under.subscribedPeer();
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
    const opened = under.open({ signal: aborter.signal });
    const loop = (async () => {
      for await (const event of opened) if (event.type === "status" && event.status === "live") aborter.abort();
    })();
    await under.subscribedPeer();
    await loop;
  });

  it("follows and leaves channels while it is open", async () => {
    const opened = under.open();
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
    const opened = under.open();
    opened.on("ticks", () => {});
    opened.subscribe("ticks:GBPUSD");
    opened.unsubscribe("ticks:GBPUSD");
    const peer = await gateway.peer();
    await expect(peer.request()).resolves.toMatchObject({ op: "subscribe", channels: [CHANNEL] });
    opened.subscribe(MINUTES);
    await expect(peer.request()).resolves.toMatchObject({ op: "subscribe", channels: [MINUTES] });
  });
});
