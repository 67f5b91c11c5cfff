import { once } from "node:events";
import { connect } from "node:net";
import { eventually, type TestRedis, testRedis } from "@fx-ohlc/testkit";
import { TestPublisher, testTick } from "../feed/test-publisher.js";
import { TestClient } from "../support/test-client.js";
import { type TestGateway, testGateway } from "../support/test-gateway.js";

let redis: TestRedis;
let publisher: TestPublisher;
const gateways: TestGateway[] = [];
const clients: TestClient[] = [];

beforeAll(async () => {
  redis = await testRedis();
  publisher = new TestPublisher(redis.url);
  await publisher.open();
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.end();
  for (const gateway of gateways.splice(0)) await gateway.stop();
});

afterAll(async () => {
  publisher.close();
  await redis.drop();
});

async function start(env: Readonly<Record<string, string>> = {}): Promise<TestGateway> {
  const gateway = await testGateway(redis.url, env);
  gateways.push(gateway);
  return gateway;
}

async function open(gateway: TestGateway, path = "/ws/ticks"): Promise<TestClient> {
  const client = await TestClient.open(`${gateway.wsUrl}${path}`);
  clients.push(client);
  return client;
}

async function refusal(gateway: TestGateway, path = "/ws/ticks"): Promise<NonNullable<TestClient["refused"]>> {
  const client = new TestClient(`${gateway.wsUrl}${path}`);
  clients.push(client);
  return eventually(() => client.refused);
}

test("more connections than allowed are refused with 503, and there is room again when one has gone", async () => {
  const gateway = await start({ CONNECTIONS_MAX: "2" });
  const [first] = [await open(gateway), await open(gateway)];
  expect(await refusal(gateway)).toMatchObject({ status: 503, headers: { "retry-after": "1" } });
  first?.end();
  await open(gateway);
});

test("connections that come too fast are refused with 429, and open ones are not touched", async () => {
  const gateway = await start({ CONNECTIONS_PER_SECOND_MAX: "1" });
  const early = await open(gateway);
  const refused = await eventually(async () => {
    const client = new TestClient(`${gateway.wsUrl}/ws/ticks`);
    clients.push(client);
    await eventually(() => client.refused !== undefined || client.ws.readyState === client.ws.OPEN);
    return client.refused;
  });
  expect(refused).toMatchObject({ status: 429, headers: { "retry-after": "1" } });
  await publisher.ticks("EURUSD", [testTick(1)]);
  await early.receives("the tick", ({ time }) => time === testTick(1).time);
});

test("frames that break the protocol end their own connection alone", async () => {
  const gateway = await start();
  const healthy = await open(gateway, "/ws");
  await healthy.ask({ id: 1, op: "subscribe", channels: ["ticks:EURUSD"] });
  const { hostname, port } = new URL(gateway.httpUrl);
  for (const bytes of [
    [0x81, 0x05],
    [0xff, 0x80, 0, 0, 0, 0],
    [0x80, 0x80, 0, 0, 0, 0],
    [0x89, 0xfe, 0xff, 0xff],
  ]) {
    const socket = connect(Number(port), hostname);
    socket.on("error", () => undefined);
    socket.write(
      "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
    );
    await once(socket, "data");
    socket.write(Buffer.from(bytes));
    await eventually(() => socket.closed);
  }
  await publisher.ticks("EURUSD", [testTick(3)]);
  await healthy.ofType("ticks");
  await eventually(async () => (await (await fetch(`${gateway.httpUrl}/ws/stats`)).text()).includes('"total":1'));
});

test("who names more symbols than its share is told so, stays, and leaves room to others and to itself once it has left", async () => {
  const gateway = await start({ CHANNELS_MAX: "20000" });
  const names = (client: number, count = 1000) =>
    Array.from({ length: count }, (_, i) => `ohlc:N${client}X${i}:minute`);
  const one = await open(gateway, "/ws");
  for (let id = 0; id < 15; id += 1) await one.ask({ id, op: "subscribe", channels: names(id) });
  const refused = await one.ask({ id: 15, op: "subscribe", channels: names(15) });
  expect(refused).toMatchObject({ type: "error", code: "too_many_channels" });
  expect(await one.ask({ id: 16, op: "subscribe", channels: names(14) })).toMatchObject({ type: "subscribed" });
  expect(await refusal(gateway, "/ws/ohlc/minute?symbol=N15X0")).toMatchObject({ status: 503 });
  one.end();
  const next = await open(gateway, "/ws");
  await eventually(
    async () => (await next.ask({ id: Math.random(), op: "subscribe", channels: names(15) })).type === "subscribed",
  );
});

test("all that a client follows is not named where it is many times what was asked about", async () => {
  const client = await open(await start(), "/ws");
  const many = Array.from({ length: 51 }, (_, i) => `ticks:M${i}`);
  expect((await client.ask({ id: 1, op: "subscribe", channels: many })).all).toEqual(many);
  expect(await client.ask({ id: 2, op: "subscribe", channels: [] })).not.toHaveProperty("all");
  expect(await client.ask({ id: 3, op: "unsubscribe", channels: many.slice(0, 1) })).toMatchObject({
    all: many.slice(1),
  });
});
