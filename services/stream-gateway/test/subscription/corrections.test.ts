import { eventually, type TestRedis, testRedis } from "@fx-ohlc/testkit";
import { TestPublisher, testTick } from "../feed/test-publisher.js";
import { type Message, TestClient } from "../support/test-client.js";
import { type TestGateway, testGateway } from "../support/test-gateway.js";

let redis: TestRedis;
let publisher: TestPublisher;
let gateway: TestGateway;

beforeAll(async () => {
  redis = await testRedis();
  publisher = new TestPublisher(redis.url);
  await publisher.open();
  gateway = await testGateway(redis.url);
});

afterAll(async () => {
  await gateway.stop();
  publisher.close();
  await redis.drop();
});

const clients: TestClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.end();
});

async function connect(path: string): Promise<TestClient> {
  const client = await TestClient.open(`${gateway.wsUrl}${path}`);
  clients.push(client);
  return client;
}

async function follow(channel: string, since: Record<string, string> = {}): Promise<TestClient> {
  const client = await connect("/ws");
  await client.ask({ id: 1, op: "subscribe", channels: [channel], since });
  return client;
}

/** Of ticks from one number to before another. */
const rangeOf = (from: number, to: number) => ({ from: testTick(from).time, to: testTick(to).time });

/** What tick-ingest publishes of a PUT. */
function correct(symbol: string, from: number, to: number, ticks: readonly Message[]): Promise<string> {
  return publisher.revision(symbol, { ...rangeOf(from, to), reason: "correction", ticks });
}

/** What came but for the answer and heartbeats. */
const toldTo = (client: TestClient) =>
  client.messages.filter(({ type }) => type !== "subscribed" && type !== "heartbeat");

test("a correction is told in the order of the stream with what its range holds, also after a wildcard, and replayed", async () => {
  const channel = "ticks:COR";
  const [named, every] = [await follow(channel), await follow("ticks:*")];
  const first = await publisher.ticks("COR", [testTick(1), testTick(2)]);
  const put = await correct("COR", 1, 2, [testTick(1, 9)]);
  const deleted = await correct("COR", 2, 3, []);
  // It tells of bars alone.
  await publisher.revision("COR", { ...rangeOf(0, 5), reason: "late" });
  const last = await publisher.ticks("COR", [testTick(3)]);
  const following = [
    { type: "corrected", channel, offset: put, ...rangeOf(1, 2), ticks: [testTick(1, 9)] },
    { type: "corrected", channel, offset: deleted, ...rangeOf(2, 3), ticks: [] },
    { type: "ticks", channel, offset: last, ticks: [testTick(3)] },
  ];
  for (const client of [named, every]) {
    await eventually(() => toldTo(client).length === 4);
    expect(toldTo(client).slice(1)).toEqual(following);
  }
  const resumed = await follow(channel, { [channel]: first });
  await eventually(() => toldTo(resumed).length === 3);
  expect(toldTo(resumed)).toEqual(following);
  expect(resumed.messages[0].channels).toEqual([{ channel, offset: last, recovered: true, replayed: 3 }]);
  const later = await follow(channel, { [channel]: deleted });
  await eventually(() => toldTo(later).length === 1);
  expect(later.messages[0].channels).toEqual([{ channel, offset: last, recovered: true, replayed: 1 }]);
});

test("`replayed` is exact over many messages of which some concern bars alone", async () => {
  const channel = "ticks:MANY";
  const first = await publisher.ticks("MANY", [testTick(0)]);
  for (let index = 1; index <= 100; index += 1) {
    if (index % 3 === 0) await publisher.revision("MANY", { ...rangeOf(index, index + 1), reason: "late" });
    else await correct("MANY", index, index + 1, [testTick(index)]);
  }
  const last = await publisher.ticks("MANY", [testTick(101)]);
  const client = await follow(channel, { [channel]: first });
  await client.receives("the last tick", ({ offset, type }) => type === "ticks" && offset === last);
  expect(client.messages[0].channels[0].replayed).toBe(68);
  expect(toldTo(client)).toHaveLength(68);
});

test("a correction that an older tick-ingest tells, or of too many ticks, leaves the ticks to be read", async () => {
  const client = await follow("ticks:OLD");
  const offset = await publisher.revision("OLD", { ...rangeOf(1, 2), reason: "correction" });
  expect(await client.ofType("corrected")).toEqual({
    ...{ type: "corrected", channel: "ticks:OLD", offset },
    ...rangeOf(1, 2),
  });
});

test("/ws/ticks tells corrections to those who ask for them, and to nobody else", async () => {
  const [asking, other] = await Promise.all([
    connect("/ws/ticks?corrections=1&symbol=PLAIN"),
    connect("/ws/ticks?symbol=PLAIN"),
  ]);
  await publisher.ticks("PLAIN", [testTick(1)]);
  await correct("PLAIN", 1, 2, [testTick(1, 9)]);
  await publisher.ticks("PLAIN", [testTick(2)]);
  await eventually(() => asking.messages.length === 3 && other.messages.length === 2);
  const [before, after] = [1, 2].map((index) => ({ symbol: "PLAIN", ...testTick(index) }));
  const corrected = { corrected: true, symbol: "PLAIN", ...rangeOf(1, 2), ticks: [testTick(1, 9)] };
  expect(asking.messages).toEqual([before, corrected, after]);
  expect(other.messages).toEqual([before, after]);
  const refused = new TestClient(`${gateway.wsUrl}/ws/ticks?corrections=yes`);
  await eventually(() => refused.refused);
  expect([refused.refused?.status, refused.refused?.body.errors[0].field]).toEqual([422, "corrections"]);
});

test("/sse tells corrections as events that it can be resumed from", async () => {
  await publisher.ticks("EVENTS", [testTick(1)]);
  const leaving = new AbortController();
  const { body } = await fetch(`${gateway.httpUrl}/sse?channels=ticks:EVENTS`, { signal: leaving.signal });
  let text = "";
  const reading = (async () => {
    for await (const piece of body?.pipeThrough(new TextDecoderStream()) ?? []) text += piece;
  })().catch(() => undefined);
  await eventually(() => text.includes("subscribed"));
  const offset = await correct("EVENTS", 1, 2, []);
  const event = await eventually(() => text.split("\n\n").find((each) => each.includes("corrected")));
  leaving.abort();
  await reading;
  expect(event.split("\n")[0]).toBe(`id: EVENTS=${offset}`);
  expect(JSON.parse(event.split("data: ")[1] ?? "")).toMatchObject({ type: "corrected", offset, ticks: [] });
});
