import { eventually, type FaultProxy, faultProxy, type TestRedis, testRedis } from "@fx-ohlc/testkit";
import { TestPublisher, testTick } from "../feed/test-publisher.js";
import { type Message, TestClient } from "../support/test-client.js";
import { type TestGateway, testGateway } from "../support/test-gateway.js";

let redis: TestRedis;
let proxy: FaultProxy;
let publisher: TestPublisher;
let gateway: TestGateway;

beforeAll(async () => {
  redis = await testRedis();
  proxy = await faultProxy(redis.url);
  publisher = new TestPublisher(redis.url);
  await publisher.open();
  gateway = await testGateway(proxy.url, { HEARTBEAT_INTERVAL_MS: "200", CHANNELS_MAX: "5" });
});

afterAll(async () => {
  await gateway.stop();
  publisher.close();
  await proxy.close();
  await redis.drop();
});

const clients: TestClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.end();
});

async function connect(): Promise<TestClient> {
  const client = await TestClient.open(`${gateway.wsUrl}/ws`);
  clients.push(client);
  return client;
}

async function follow(channels: string[], since?: Record<string, string>): Promise<TestClient> {
  const client = await connect();
  await client.ask({ id: 1, op: "subscribe", channels, ...(since === undefined ? {} : { since }) });
  return client;
}

/** The first one that came after the subscription: one may be due before it. */
function heartbeatOf(client: TestClient): Promise<Message> {
  const isLater = ({ type, offsets }: Message) => type === "heartbeat" && "ticks:G1" in offsets;
  return client.receives("a heartbeat", isLater);
}

async function publish(symbol: string, from: number, count: number): Promise<string[]> {
  const offsets: string[] = [];
  for (let index = from; index < from + count; index += 1)
    offsets.push(await publisher.ticks(symbol, [testTick(index)]));
  return offsets;
}

/** The times of all ticks a client received of a symbol. */
function timesOf(client: TestClient, symbol: string): string[] {
  const messages = client.messages.filter(({ type, channel }) => type === "ticks" && channel === `ticks:${symbol}`);
  return messages.flatMap(({ ticks }) => ticks.map(({ time }: Message) => time));
}

const times = (from: number, count: number) => Array.from({ length: count }, (_, index) => testTick(from + index).time);

describe("/ws", () => {
  test("answers a subscription with the offset that the next message continues", async () => {
    const [before] = await publish("AAA", 0, 1);
    const client = await connect();
    await eventually(async () => {
      const answer = await client.ask({ id: Math.random(), op: "subscribe", channels: ["ticks:aaa"] });
      return answer.channels[0].offset === before;
    });
    const [after] = await publish("AAA", 1, 1);
    const message = await client.ofType("ticks");
    expect(message).toEqual({ type: "ticks", channel: "ticks:AAA", offset: after, ticks: [testTick(1)] });
    expect(await client.ofType("subscribed")).toMatchObject({
      type: "subscribed",
      channels: [{ channel: "ticks:AAA", recovered: false }],
      all: ["ticks:AAA"],
    });
  });

  test("adds channels, takes them away, and names all that are left", async () => {
    const client = await connect();
    const first = await client.ask({ id: 1, op: "subscribe", channels: ["ticks:A1", "ticks:A2"] });
    expect(first.all).toEqual(["ticks:A1", "ticks:A2"]);
    const second = await client.ask({ id: 2, op: "subscribe", channels: ["ticks:A3", "ticks:A1"] });
    expect(second.all).toEqual(["ticks:A1", "ticks:A2", "ticks:A3"]);
    const third = await client.ask({ id: 3, op: "unsubscribe", channels: ["ticks:A1", "ticks:NEVER"] });
    expect(third).toEqual({
      type: "unsubscribed",
      id: 3,
      channels: ["ticks:A1", "ticks:NEVER"],
      all: ["ticks:A2", "ticks:A3"],
    });
    for (const symbol of ["A1", "A2", "A3"]) await publish(symbol, 0, 1);
    await eventually(() => timesOf(client, "A3").length === 1);
    expect([timesOf(client, "A1"), timesOf(client, "A2")]).toEqual([[], times(0, 1)]);
  });

  test("follows every symbol with ticks:*, also ones nobody has sent yet, and each tick once", async () => {
    const client = await follow(["ticks:*", "ticks:B1"]);
    await publish("B1", 0, 2);
    await publish("BRANDNEW", 0, 2);
    await eventually(() => timesOf(client, "BRANDNEW").length === 2);
    expect(timesOf(client, "B1")).toEqual(times(0, 2));
  });

  test("replays what was missed since an offset, then goes on live, in order and nothing twice", async () => {
    const offsets = await publish("C1", 0, 450);
    const client = await connect();
    const stop = { asked: false };
    const live = (async () => {
      let next = 450;
      while (!stop.asked) next += (await publish("C1", next, 1)).length;
      return next;
    })();
    const since = { "ticks:C1": String(offsets[99]) };
    const answer = await client.ask({ id: 1, op: "subscribe", channels: ["ticks:C1"], since });
    const [described] = answer.channels;
    expect(described).toMatchObject({ channel: "ticks:C1", recovered: true });
    expect(described.replayed).toBe(Number(described.offset.split("-")[1]) - 100);
    await eventually(() => timesOf(client, "C1").length > 400);
    stop.asked = true;
    const published = await live;
    await eventually(() => timesOf(client, "C1").length === published - 100);
    expect(timesOf(client, "C1")).toEqual(times(100, published - 100));
  });

  test("replays single symbols below ticks:*", async () => {
    const offsets = await publish("D1", 0, 10);
    const client = await connect();
    const since = { "ticks:D1": String(offsets[6]) };
    const answer = await client.ask({ id: 1, op: "subscribe", channels: ["ticks:*"], since });
    expect(answer.channels).toEqual([
      { channel: "ticks:*", recovered: false },
      { channel: "ticks:D1", offset: offsets[9], recovered: true, replayed: 3 },
    ]);
    await publish("D1", 10, 1);
    await eventually(() => timesOf(client, "D1").length === 4);
    expect(timesOf(client, "D1")).toEqual(times(7, 4));
  });

  test("says that it cannot replay what the stream no longer holds, or never held, and goes on live", async () => {
    const offsets = await publish("E1", 0, 30);
    await publisher.trim("E1", 10);
    for (const since of [offsets[5], "otherepoch-3", `${publisher.epoch}-999`]) {
      const client = await connect();
      const request = { id: 1, op: "subscribe", channels: ["ticks:E1"], since: { "ticks:E1": since } };
      const answer = await client.ask(request);
      expect(answer.channels).toEqual([{ channel: "ticks:E1", offset: offsets[29], recovered: false }]);
      expect(client.messages.filter(({ type }) => type === "ticks")).toEqual([]);
    }
    const recovered = await follow(["ticks:E1"], { "ticks:E1": String(offsets[19]) });
    await eventually(() => timesOf(recovered, "E1").length === 10);
  });

  test("resumes a symbol that had no message when the client last saw it, from its very first one", async () => {
    const early = await connect();
    const { channels } = await early.ask({ id: 1, op: "subscribe", channels: ["ticks:F1"] });
    early.end();
    await publish("F1", 0, 3);
    const late = await follow(["ticks:F1"], { "ticks:F1": channels[0].offset });
    await eventually(() => timesOf(late, "F1").length === 3);
    expect((await late.ofType("subscribed")).channels[0]).toMatchObject({ recovered: true, replayed: 3 });
  });

  test("tells regularly where each ticks channel stands", async () => {
    await publish("G1", 0, 2);
    const [offset] = await publish("G1", 2, 1);
    const client = await follow(["ticks:G1", "ticks:G2"]);
    const beforeFirst = expect.stringMatching(/^0[0-9a-f]+-0$/);
    expect((await heartbeatOf(client)).offsets).toEqual({ "ticks:G1": offset, "ticks:G2": beforeFirst });
    expect((await heartbeatOf(await follow(["ticks:*"]))).offsets["ticks:G1"]).toBe(offset);
  });

  test("answers a ping at once", async () => {
    const client = await connect();
    expect(await client.ask({ id: 7, op: "ping" })).toEqual({ type: "pong", id: 7 });
  });

  test("takes requests in binary frames, and closes what is no UTF-8 with 1007", async () => {
    const client = await connect();
    client.ws.send(Buffer.from('{"id":7,"op":"ping"}'));
    expect(await client.ofType("pong")).toEqual({ type: "pong", id: 7 });
    client.ws.send(Buffer.from('{"id":"\xff","op":"ping"}', "latin1"));
    expect((await client.closes()).code).toBe(1007);
  });

  test("answers a burst of 1,000 requests, each of them", async () => {
    const client = await connect();
    for (let id = 0; id < 1_000; id += 1) client.send({ id, op: "unsubscribe", channels: ["ticks:EURUSD"] });
    await eventually(() => client.messages.filter(({ type }) => type === "unsubscribed").length === 1_000);
  });

  test.each([
    ["not JSON", "{oops", "bad_message"],
    ["no object", "[1]", "bad_message"],
    ["an unknown op", '{"id":1,"op":"fly"}', "unknown_op"],
    ["no channels", '{"id":1,"op":"subscribe"}', "bad_channels"],
    ["an unknown channel", '{"id":1,"op":"subscribe","channels":["ticks:EURUSD","quotes:EURUSD"]}', "unknown_channel"],
    ["an unknown interval", '{"id":1,"op":"subscribe","channels":["ohlc:EURUSD:7m"]}', "unknown_channel"],
    ["a bad symbol", '{"id":1,"op":"unsubscribe","channels":["ticks:EUR USD"]}', "unknown_channel"],
    ["since of a wildcard", '{"id":1,"op":"subscribe","channels":["ticks:*"],"since":{"ticks:*":"a-1"}}', "bad_since"],
    [
      "since of a channel not asked for",
      '{"id":1,"op":"subscribe","channels":["ticks:A"],"since":{"ticks:B":"a-1"}}',
      "bad_since",
    ],
    ["an offset that is none", '{"id":1,"op":"subscribe","channels":["ticks:A"],"since":{"ticks:A":7}}', "bad_since"],
    [
      "too many channels",
      '{"id":1,"op":"subscribe","channels":["ticks:A","ticks:B","ticks:C","ticks:D","ticks:E","ticks:F"]}',
      "too_many_channels",
    ],
  ])("answers %s with an error, changes nothing and keeps the connection", async (_name, text, code) => {
    const client = await connect();
    client.ws.send(text);
    const error = await client.ofType("error");
    expect(error).toMatchObject({ code, message: expect.any(String) });
    expect((await client.ask({ id: 2, op: "subscribe", channels: [] })).all).toEqual([]);
  });

  test("says of an unknown channel which kinds there are", async () => {
    const client = await connect();
    client.ws.send('{"op":"subscribe","channels":["news:EURUSD"]}');
    const { message } = await client.ofType("error");
    for (const kind of ["ticks:SYMBOL", "status:SYMBOL", "ohlc:SYMBOL"]) expect(message).toContain(kind);
  });

  test("reads back for its clients what was published while its own connection to Redis was cut", async () => {
    await publish("H1", 0, 1);
    const client = await follow(["ticks:H1"]);
    await proxy.refuse();
    await publish("H1", 1, 20);
    await proxy.pass();
    await publish("H1", 21, 1);
    await eventually(() => timesOf(client, "H1").length === 21);
    expect(timesOf(client, "H1")).toEqual(times(1, 21));
    expect(client.messages.some(({ type }) => type === "gap")).toBe(false);
  });

  test("goes on where the client is, nothing twice, though this gateway has not heard of the client's epoch yet", async () => {
    await publish("K1", 0, 5);
    await follow(["ticks:K1"]);
    const client = await connect();
    proxy.freeze();
    await publisher.empty("epoch1b");
    const offsets = await publish("K1", 5, 3);
    client.send({ id: 1, op: "subscribe", channels: ["ticks:K1"], since: { "ticks:K1": offsets[2] } });
    // Its answer comes after the messages that are on their way, and before they can be told from older ones.
    expect((await client.ask({ id: 2, op: "ping" })).type).toBe("pong");
    await proxy.pass();
    expect((await client.ofType("subscribed")).channels).toEqual([
      { channel: "ticks:K1", offset: offsets[2], recovered: true, replayed: 0 },
    ]);
    await publish("K1", 8, 1);
    await eventually(() => timesOf(client, "K1").includes(testTick(8).time));
    const told = client.messages.filter(({ type }) => type === "ticks" || type === "gap");
    expect(told).toEqual([expect.objectContaining({ type: "ticks", ticks: [testTick(8)] })]);
  });

  test("declares a gap to those who follow the symbol when its stream was lost", async () => {
    await publish("I1", 0, 1);
    const client = await follow(["ticks:I1"]);
    await publisher.empty("epoch2");
    await publish("I1", 1, 2);
    await eventually(() => timesOf(client, "I1").length === 2);
    const kinds = client.messages.filter(({ type }) => type === "gap" || type === "ticks").map(({ type }) => type);
    expect(kinds).toEqual(["gap", "ticks", "ticks"]);
    expect(await client.ofType("gap")).toMatchObject({ channel: "ticks:I1", reason: "lost" });
  });
});

describe("a client of /ws that does not behave", () => {
  test("is closed with 4400 after ten messages that are no requests", async () => {
    const client = await connect();
    for (let count = 0; count < 10; count += 1) client.ws.send("?");
    expect((await client.closes()).code).toBe(4400);
  });

  test("is closed with 4009 when it sends too much, be it messages, pings or pongs", async () => {
    for (const kind of ["send", "ping", "pong"] as const) {
      const client = await connect();
      for (let count = 0; count < 1_500; count += 1) client.ws[kind](kind === "send" ? '{"op":"ping"}' : "");
      expect((await client.closes()).code).toBe(4009);
    }
  });

  test("is closed when it sends a message of 100 MB, before that is read", async () => {
    const client = await connect();
    client.ws.send("x".repeat(100 * 1024 * 1024));
    expect([1009, 1006]).toContain((await client.closes()).code);
  });

  test("does not disturb another one", async () => {
    const good = await follow(["ticks:J1"]);
    const bad = await connect();
    bad.ws.send("x".repeat(70_000));
    await bad.closes();
    await publish("J1", 0, 3);
    await eventually(() => timesOf(good, "J1").length === 3);
  });
});
