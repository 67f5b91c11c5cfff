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
  gateway = await testGateway(redis.url, { ALLOWED_ORIGINS: "https://fx.example" });
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

async function connect(path: string, options = {}): Promise<TestClient> {
  const client = await TestClient.open(`${gateway.wsUrl}${path}`, options);
  clients.push(client);
  return client;
}

async function refusalOf(path: string, options = {}): Promise<NonNullable<TestClient["refused"]>> {
  const client = new TestClient(`${gateway.wsUrl}${path}`, options);
  return eventually(() => client.refused);
}

describe("/ws/ticks", () => {
  test("sends every tick as a message of its own, quotes with both sides, in order, to those who follow all symbols", async () => {
    const client = await connect("/ws/ticks");
    await publisher.ticks("EURUSD", [testTick(1), testTick(2)]);
    const quote = { ...testTick(3), bid: 1.37615, ask: 1.37618 };
    await publisher.ticks("GBPUSD", [quote]);
    await eventually(() => client.messages.length === 3);
    expect(client.messages).toEqual([
      { symbol: "EURUSD", ...testTick(1) },
      { symbol: "EURUSD", ...testTick(2) },
      { symbol: "GBPUSD", ...quote },
    ]);
  });

  test("sends only the symbols asked for, in any accepted spelling", async () => {
    const client = await connect("/ws/ticks/?symbol=eur/usd,USDJPY");
    for (const symbol of ["GBPUSD", "EURUSD", "AUDUSD", "USDJPY"]) await publisher.ticks(symbol, [testTick(4)]);
    await eventually(() => client.messages.length === 2);
    expect(client.messages.map(({ symbol }) => symbol)).toEqual(["EURUSD", "USDJPY"]);
  });

  test("delivers 5,000 ticks to twenty clients without losing or reordering one", async () => {
    const followers = await Promise.all(Array.from({ length: 20 }, () => connect("/ws/ticks?symbol=BULK")));
    for (let at = 0; at < 5000; at += 200) {
      await publisher.ticks(
        "BULK",
        Array.from({ length: 200 }, (_, index) => testTick(at + index)),
      );
    }
    await eventually(() => followers.every(({ messages }) => messages.length === 5000));
    const expected = Array.from({ length: 5000 }, (_, index) => testTick(index).time);
    for (const { messages } of followers) expect(messages.map(({ time }) => time)).toEqual(expected);
  });

  test("goes on by itself when Redis was stopped, and says where ticks may be missing", async () => {
    const client = await connect("/ws/ticks?symbol=EURUSD");
    await publisher.ticks("EURUSD", [testTick(10)]);
    await client.receives("the tick before", ({ time }) => time === testTick(10).time);
    await redis.stop();
    await redis.start();
    publisher.beginEpoch("epoch2");
    const gap = await client.ofType("gap");
    expect(gap).toMatchObject({ symbol: "EURUSD", reason: "lost" });
    expect(gap.from <= testTick(10).time && gap.to > new Date().toISOString()).toBe(true);
    await eventually(() => publisher.ticks("EURUSD", [testTick(11)]));
    await client.receives("the tick after", ({ time }) => time === testTick(11).time);
    expect(client.closed).toBeUndefined();
  });

  test("tells of ticks that were committed and never published", async () => {
    const client = await connect("/ws/ticks?symbol=LOST");
    const range = { from: "2025-12-05T10:00:00.000000Z", to: "2025-12-05T10:00:01.000000Z" };
    await publisher.revision("LOST", { ...range, reason: "lost" });
    await publisher.revision("LOST", { ...range, reason: "correction" });
    await publisher.ticks("LOST", [testTick(12)]);
    await client.receives("the tick after", ({ price }) => price !== undefined);
    expect(client.messages.filter(({ type }) => type === "gap")).toEqual([
      { type: "gap", symbol: "LOST", ...range, reason: "lost" },
    ]);
  });
});

describe("an upgrade", () => {
  test.each([
    ["to an unknown path", "/ws/nothing", 404],
    ["with an unknown parameter", "/ws/ticks?symbols=EURUSD", 400],
    ["with a parameter given twice", "/ws/ticks?symbol=EURUSD&symbol=GBPUSD", 400],
    ["with a symbol that is none", "/ws/ticks?symbol=EUR%20USD", 422],
    ["with an empty list of symbols", "/ws/ohlc/minute?symbol=", 422],
    ["to /ws with a parameter", "/ws?symbol=EURUSD", 400],
  ])("%s is refused with a problem", async (_name, path, status) => {
    const refusal = await refusalOf(path);
    expect(refusal.status).toBe(status);
    expect(refusal.headers["content-type"]).toBe("application/problem+json");
    expect(refusal.body).toMatchObject({ status, request_id: refusal.headers["x-request-id"] });
  });

  test("from a page of another origin is refused; from an allowed one, or from no page, it is not", async () => {
    expect((await refusalOf("/ws/ticks", { origin: "https://evil.example" })).status).toBe(403);
    expect((await refusalOf("/ws/ticks", { origin: "https://fx.example.evil.example" })).status).toBe(403);
    await connect("/ws/ticks", { origin: "https://fx.example" });
    await connect("/ws/ticks");
  });

  test("is what the paths are for: a plain request is told so", async () => {
    const response = await fetch(`${gateway.httpUrl}/ws/ticks`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ detail: expect.stringContaining("WebSocket") });
  });
});

describe("the gateway's own pages", () => {
  test("count the connections of each endpoint", async () => {
    const stats = async (): Promise<Message> => (await fetch(`${gateway.httpUrl}/ws/stats`)).json();
    await eventually(async () => (await stats()).total === 0);
    await connect("/ws/ticks");
    await connect("/ws/ticks?symbol=EURUSD");
    await connect("/ws");
    expect(await stats()).toEqual({
      connections: { ticks: 2, ohlc_minute: 0, ohlc_hour: 0, ohlc_day: 0, ohlc: 0, multiplex: 1, sse: 0 },
      total: 3,
      timestamp: expect.stringMatching(/Z$/),
    });
    const metrics = await (await fetch(`${gateway.httpUrl}/metrics`)).text();
    expect(metrics).toContain('websocket_connections_active{endpoint="ticks"} 2');
    for (const name of ["websocket_messages_sent_total", "websocket_slow_consumers_total", "live_bar_mismatch_total"]) {
      expect(metrics).toContain(`\n${name} `);
    }
  });

  test("say that it is not ready while Redis is stopped, and that it is again afterwards", async () => {
    await redis.stop();
    await eventually(async () => (await fetch(`${gateway.httpUrl}/ready`)).status === 503);
    const health = await fetch(`${gateway.httpUrl}/health`);
    expect(health.status).toBe(503);
    expect(await health.json()).toMatchObject({ status: "unhealthy", redis: "disconnected" });
    await redis.start();
    await eventually(async () => (await fetch(`${gateway.httpUrl}/ready`)).ok);
    publisher.beginEpoch("epoch3");
  });
});
