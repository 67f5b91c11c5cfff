import { eventually } from "@fx-ohlc/testkit";
import { FxClient, type FxStream, type StreamEvent, type TickJson } from "../src/index.js";
import { type Peer, ScriptedGateway } from "./scripted-gateway.js";

const CHANNEL = "ticks:EURUSD";
/** In the future, so that no tick is older than the subscription. */
const START_MS = Date.parse("2100-12-05T10:00:00Z");
const PAGE_ROWS = 2_000;

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

function open(options: Partial<Parameters<FxClient["stream"]>[0]> = {}): FxStream {
  stream = client.stream({ channels: [CHANNEL], reconnect: { baseMs: 1, capMs: 1 }, ...options });
  return stream;
}

type Row = Pick<TickJson, "time" | "price" | "seq">;

/** One tick in 10 ms; every fourth has the stamp of the one before. */
function rows(from: number, count: number): Row[] {
  return Array.from({ length: count }, (_, index) => {
    const place = from + index;
    const isSecond = place % 4 === 3;
    const time = new Date(START_MS + (isSecond ? place - 1 : place) * 10).toISOString().replace("Z", "000Z");
    return { time, price: place + 1, seq: isSecond ? 1 : 0 };
  });
}

/** Where a stream stopped before the first of the rows. */
const BEFORE = { [CHANNEL]: { offset: "e-1", time: new Date(START_MS).toISOString() } };

const subscribed = (recovered: boolean, offset: string) => ({
  type: "subscribed",
  channels: [{ channel: CHANNEL, offset, recovered }],
});

/** A client that has subscribed and was answered that what it missed is not there any more. */
async function lostPeer(offset = "f-1"): Promise<Peer> {
  const peer = await gateway.peer();
  await peer.request();
  peer.send(subscribed(false, offset));
  return peer;
}

function ticksOf(event: StreamEvent): readonly Row[] {
  return event.type === "ticks" || event.type === "reloaded-ticks" ? event.ticks : [];
}

const keysOf = (ticks: readonly Row[]) => ticks.map(({ time, seq, price }) => `${time} ${seq} ${price}`);

/** Takes what waits in the event loop first: nothing more can come of what has happened so far. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("a reader slower than its queue", () => {
  it("saves where it is itself, and another goes on there with all that waited", async () => {
    gateway.history = rows(0, 600);
    const opened = open({ positions: BEFORE });
    const events = opened[Symbol.asyncIterator]();
    const peer = await gateway.peer();
    await peer.request();
    peer.send(subscribed(true, "e-1"));
    for (let message = 0; message < 6; message += 1) {
      peer.send({ type: "ticks", channel: CHANNEL, offset: `e-${message + 2}`, ticks: rows(message * 100, 100) });
    }
    await eventually(() => opened.positions[CHANNEL]?.offset === "e-7");
    const received: Row[] = [];
    while (received.length < 200)
      received.push(...ticksOf((await events.next()).value ?? { type: "status", status: "live" }));
    await events.return?.();
    const saved: FxStream["positions"] = JSON.parse(JSON.stringify(opened.positions));
    expect(saved[CHANNEL]).toMatchObject({ offset: "e-7", missing: [{ from: rows(200, 1)[0]?.time }] });
    const another = open({ positions: saved });
    const next = another[Symbol.asyncIterator]();
    const nextPeer = await gateway.peer();
    await nextPeer.request();
    nextPeer.send(subscribed(true, "e-7"));
    while (received.length < 600)
      received.push(...ticksOf((await next.next()).value ?? { type: "status", status: "live" }));
    expect(keysOf(received)).toEqual(keysOf(rows(0, 600)));
  });

  it("gets what its queue has no room for from the same connection, every tick once", async () => {
    const opened = open({ queueMax: 10 });
    const statuses: string[] = [];
    const events = opened[Symbol.asyncIterator]();
    const peer = await lostPeer();
    const sent = rows(0, 50).map((row, index) => ({
      ...{ type: "ticks", channel: CHANNEL, offset: `f-${index + 2}` },
      ticks: [row],
    }));
    const paused = new Promise<void>((resolve) => {
      opened.on("status", ({ status }) => void (status === "paused" && resolve()));
    });
    peer.send(...sent);
    await paused;
    const received: StreamEvent[] = [];
    while (received.length < sent.length) {
      const { value } = await events.next();
      if (value?.type === "status") statuses.push(value.status);
      else if (value) received.push(value);
    }
    expect(received).toEqual(sent);
    expect(statuses.slice(0, 4)).toEqual(["connecting", "live", "paused", "live"]);
    expect([gateway.connections, gateway.reads]).toEqual([1, []]);
  });

  // Before, the stream disconnected to slow down, dropped what it was reading, and began the same reading over the next
  // connection: with a gap larger than the queue, its reader was given the first rows of it for ever, and no live tick.
  it.each([
    { queueMax: 3, missed: 20_000 },
    { queueMax: 20_000, missed: 60_000 },
  ])(
    "of $queueMax rows comes through a gap of $missed while ticks go on: each once, in order",
    async ({ queueMax, missed }) => {
      const history = rows(0, missed);
      gateway.history = history;
      const opened = open({ queueMax, positions: BEFORE });
      const events = opened[Symbol.asyncIterator]();
      const peer = await lostPeer();
      const received: Row[] = [];
      const statuses: string[] = [];
      let status = "";
      opened.on("status", (event) => {
        status = event.status;
      });
      let messages = 0;
      let pages = 0;
      let handedOut = 0;
      for (const type of ["ticks", "reloaded-ticks"] as const) {
        opened.on(type, ({ ticks }) => {
          handedOut += ticks.length;
        });
      }
      const live = (count: number) => {
        const ticks = rows(history.length, count);
        history.push(...ticks);
        messages += 1;
        peer.send({ type: "ticks", channel: CHANNEL, offset: `f-${messages + 1}`, ticks });
      };
      while (received.length < history.length) {
        // So slow that the queue is full whenever there is more to come.
        await eventually(() => status === "paused" || handedOut === history.length);
        const { value } = await events.next();
        if (value === undefined) throw new Error("the stream ended");
        if (value.type === "status") statuses.push(value.status);
        received.push(...ticksOf(value));
        if (value.type !== "reloaded-ticks") continue;
        pages += 1;
        // More than is held back while it is read, then a few.
        if (messages < 150) for (let message = 0; message < 15; message += 1) live(100);
        else if (messages < 200) live(1);
        await settled();
        expect(gateway.reads.length - pages).toBeLessThanOrEqual(Math.ceil(queueMax / (PAGE_ROWS - 1)) + 1);
      }
      expect(keysOf(received)).toEqual(keysOf(history));
      expect(statuses.slice(0, 4)).toEqual(["connecting", "live", "paused", "live"]);
      expect(gateway.connections).toBe(1);
    },
  );

  it("goes on where it was when the connection is lost in the middle of a reload, and so does another stream", async () => {
    const history = rows(0, 20_000);
    gateway.history = history;
    const opened = open({ queueMax: 3, positions: BEFORE });
    const events = opened[Symbol.asyncIterator]();
    const received: Row[] = [];
    const takePages = async (count: number) => {
      for (let pages = 0; pages < count; ) {
        const { value } = await events.next();
        if (value?.type === "reloaded-ticks") pages += 1;
        if (value) received.push(...ticksOf(value));
      }
    };
    const heartbeat = { type: "heartbeat", time: "2100-12-05T11:00:00.000000Z", offsets: {} };
    (await lostPeer("f-1")).send(heartbeat);
    await takePages(2);
    for (const offset of ["g-1", "h-1"]) {
      gateway.cut();
      await lostPeer(offset);
      await takePages(2);
    }
    opened.close();
    for (let last = await events.next(); !last.done; last = await events.next()) received.push(...ticksOf(last.value));
    const saved: FxStream["positions"] = JSON.parse(JSON.stringify(opened.positions));
    const another = open({ positions: saved });
    another.on("reloaded-ticks", (event) => void received.push(...event.ticks));
    await lostPeer("i-1");
    await eventually(() => received.length >= 20_000);
    expect(keysOf(received)).toEqual(keysOf(history));
  });
});
