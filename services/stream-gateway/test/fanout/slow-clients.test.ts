import { parseTime, type WireTick } from "@fx-ohlc/schemas";
import { eventually, type TestRedis, testRedis, watchEventLoop } from "@fx-ohlc/testkit";
import { TestPublisher, testTick } from "../feed/test-publisher.js";
import { type Message, TestClient } from "../support/test-client.js";
import { type TestGateway, testGateway } from "../support/test-gateway.js";

const LAG_AFTER_MS = 600;
const STUCK_AFTER_MS = 4000;

let redis: TestRedis;
let publisher: TestPublisher;
let gateway: TestGateway;

beforeAll(async () => {
  redis = await testRedis();
  publisher = new TestPublisher(redis.url);
  await publisher.open();
  gateway = await testGateway(redis.url, {
    LAG_AFTER_MS: String(LAG_AFTER_MS),
    STUCK_AFTER_MS: String(STUCK_AFTER_MS),
    QUEUE_BYTES_MAX: "1000000",
  });
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

async function follow(symbol: string): Promise<TestClient> {
  const client = await TestClient.open(`${gateway.wsUrl}/ws`);
  clients.push(client);
  await client.ask({ id: 1, op: "subscribe", channels: [`ticks:${symbol}`] });
  return client;
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${gateway.httpUrl}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\d+)`, "m").exec(text)?.[1]);
}

/** Publishes until `isEnough`, and gives everything that was published. */
async function publishUntil(
  symbol: string,
  from: number,
  isEnough: () => boolean | Promise<boolean>,
): Promise<WireTick[]> {
  const published: WireTick[] = [];
  while (!(await isEnough())) {
    const batch = Array.from({ length: 5 }, (_, index) => testTick(from + published.length + index));
    await publisher.ticks(symbol, batch);
    published.push(...batch);
  }
  return published;
}

/** Every published tick was received, or lies in a range that the client was told it skipped, and the counts are exact. */
function expectAccounted(messages: readonly Message[], published: readonly WireTick[]): void {
  const received = messages.filter(({ type }) => type === "ticks").flatMap(({ ticks }) => ticks as WireTick[]);
  const conflated = messages.filter(({ type }) => type === "conflated");
  const skipped = conflated.reduce((sum, message) => sum + message.skipped, 0);
  expect(received.length + skipped).toBe(published.length);
  const times = new Set(received.map(({ time }) => time));
  expect(times.size).toBe(received.length);
  for (const { time } of published) {
    const us = parseTime(time) ?? 0;
    const isSkipped = () => conflated.some(({ from, to }) => us >= (parseTime(from) ?? 0) && us < (parseTime(to) ?? 0));
    if (!times.has(time)) expect(isSkipped()).toBe(true);
  }
}

describe("a client of /ws that reads too slowly", () => {
  test("is sent the newest tick and an exact account of what it skipped, and then every tick again", async () => {
    const heldUpMs = watchEventLoop();
    const slow = await follow("SLOW");
    const healthy = await follow("SLOW");
    const before = await publishUntil("SLOW", 0, () => slow.messages.length > 20);
    slow.ws.pause();
    const conflatedBefore = await metric("websocket_ticks_conflated_total");
    const pausedMs = performance.now();
    const during = await publishUntil("SLOW", before.length, () => performance.now() - pausedMs > 3 * LAG_AFTER_MS);
    slow.ws.resume();
    await slow.ofType("conflated");
    const count = before.length + during.length;
    const afterMs = performance.now();
    // It has come back: far more messages after the last account than accounts.
    const sinceConflated = () => slow.messages.length - slow.messages.findLastIndex(({ type }) => type === "conflated");
    const isBack = () => performance.now() - afterMs > 1000 && sinceConflated() > 20;
    const after = await publishUntil("SLOW", count, isBack);
    const published = [...before, ...during, ...after];
    const last = published.at(-1)?.time;
    const isLast = ({ type, ticks }: Message) => type === "ticks" && ticks.some((tick: WireTick) => tick.time === last);
    await slow.receives("the last tick", isLast);
    await healthy.receives("the last tick", isLast);
    expectAccounted(slow.messages, published);
    expectAccounted(healthy.messages, published);
    // Everybody lags where this process, which reads for all of them, was held up for so long.
    const isExcused = heldUpMs() >= LAG_AFTER_MS;
    expect(!isExcused && healthy.messages.some(({ type }) => type === "conflated")).toBe(false);
    expect(await metric("websocket_ticks_conflated_total")).toBeGreaterThan(conflatedBefore);
  });

  test("is closed with 4008 and the offset to resume from when it reads nothing at all", async () => {
    const stuck = await follow("STUCK");
    await publisher.ticks("STUCK", [testTick(0)]);
    await stuck.ofType("ticks");
    const closedBefore = await metric("websocket_slow_consumers_total");
    stuck.ws.pause();
    const isClosed = async () => (await metric("websocket_slow_consumers_total")) > closedBefore;
    const published = await publishUntil("STUCK", 1, isClosed);
    stuck.ws.resume();
    const { code, reason } = await stuck.closes();
    expect(code).toBe(4008);
    // Whatever it was sent before the close frame it has read by now: resuming there completes it.
    const offset = JSON.parse(reason).offsets["ticks:STUCK"];
    const resumed = await TestClient.open(`${gateway.wsUrl}/ws`);
    clients.push(resumed);
    await resumed.ask({ id: 1, op: "subscribe", channels: ["ticks:STUCK"], since: { "ticks:STUCK": offset } });
    await resumed.receives("the last tick", ({ ticks }) => ticks?.at(-1)?.time === published.at(-1)?.time);
    const all = [...stuck.messages, ...resumed.messages].filter(({ type }) => type === "ticks");
    expect(all.flatMap(({ ticks }) => ticks).map(({ time }: WireTick) => time)).toEqual(
      [testTick(0), ...published].map(({ time }) => time),
    );
  });
});

describe("a client of a plain endpoint that reads too slowly", () => {
  test("is closed with 4008 when its queue is full, and the others notice nothing", async () => {
    const open = async () => TestClient.open(`${gateway.wsUrl}/ws/ticks?symbol=FLOOD`);
    const [stuck, healthy] = await Promise.all([open(), open()]);
    clients.push(stuck, healthy);
    stuck.ws.pause();
    const closedBefore = await metric("websocket_slow_consumers_total");
    let sent = 0;
    await eventually(async () => {
      for (let round = 0; round < 20; round += 1, sent += 200) {
        await publisher.ticks(
          "FLOOD",
          Array.from({ length: 200 }, (_, index) => testTick(sent + index)),
        );
      }
      return (await metric("websocket_slow_consumers_total")) > closedBefore;
    });
    await eventually(() => healthy.messages.length === sent);
    expect(healthy.messages.some(({ type }) => type !== undefined)).toBe(false);
    stuck.ws.resume();
    expect([4008, 1006]).toContain((await stuck.closes()).code);
  });
});

describe("a gateway that stops", () => {
  test("tells clients where they stand, then closes them with 1001 and when to come back", async () => {
    const other = await testGateway(redis.url);
    const multiplex = await TestClient.open(`${other.wsUrl}/ws`);
    const plain = await TestClient.open(`${other.wsUrl}/ws/ticks`);
    await multiplex.ask({ id: 1, op: "subscribe", channels: ["ticks:BYE"] });
    const offset = await publisher.ticks("BYE", [testTick(0)]);
    await multiplex.ofType("ticks");
    await other.stop();
    for (const client of [multiplex, plain]) {
      const { code, reason } = await client.closes();
      expect(code).toBe(1001);
      expect(JSON.parse(reason).retry_ms).toBeGreaterThanOrEqual(0);
    }
    expect(multiplex.messages.at(-1)).toMatchObject({ type: "heartbeat", offsets: { "ticks:BYE": offset } });
  });
});
