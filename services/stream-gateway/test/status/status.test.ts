import { type FeedNames, feedNames } from "@fx-ohlc/schemas";
import { eventually, type TestRedis, testRedis } from "@fx-ohlc/testkit";
import { createClient } from "redis";
import { TestClient } from "../support/test-client.js";
import { type TestGateway, testGateway } from "../support/test-gateway.js";

let redis: TestRedis;
let gateway: TestGateway;
let teller: ReturnType<typeof createClient>;
const clients: TestClient[] = [];
/** Of a database of the first version, whose names have no namespace. */
const names: FeedNames = feedNames("");
let version = 0;

beforeAll(async () => {
  redis = await testRedis();
  teller = createClient({ url: redis.url });
  await teller.connect();
  gateway = await testGateway(redis.url);
});
afterEach(() => {
  for (const client of clients.splice(0)) client.end();
});
afterAll(async () => {
  await gateway.stop();
  teller.destroy();
  await redis.drop();
});

/** As tick-ingest does. */
async function tell(symbol: string, state: string): Promise<void> {
  version += 1;
  await teller.hSet(names.status, symbol, `${state} 1764763200000000`);
  await teller.set(names.version, String(version));
}

async function follow(...channels: string[]): Promise<TestClient> {
  const client = await TestClient.open(`${gateway.wsUrl}/ws`);
  clients.push(client);
  await client.ask({ id: 1, op: "subscribe", channels });
  return client;
}

const statesOf = (client: TestClient) =>
  client.messages.filter(({ type }) => type === "status").map(({ channel, state }) => `${channel} ${state}`);

test("the state of a symbol's feeds is told at once, and whenever it changes, to who follows it or all", async () => {
  await tell("EURUSD", "live");
  await tell("GBPUSD", "quiet");
  const one = await eventually(async () => {
    const client = await follow("status:eur/usd", "status:NOBODYS");
    return statesOf(client).length > 0 ? client : undefined;
  });
  const all = await follow("status:*");
  expect(one.messages.find(({ type }) => type === "status")).toEqual({
    ...{ type: "status", channel: "status:EURUSD", state: "live", since: "2025-12-03T12:00:00.000000Z" },
  });
  await tell("EURUSD", "down");
  await eventually(() => statesOf(one).length === 2 && statesOf(all).length === 3);
  expect(statesOf(one)).toEqual(["status:EURUSD live", "status:EURUSD down"]);
  expect(statesOf(all)).toEqual(["status:EURUSD live", "status:GBPUSD quiet", "status:EURUSD down"]);
  await one.ask({ id: 2, op: "unsubscribe", channels: ["status:EURUSD"] });
  await tell("EURUSD", "live");
  await eventually(() => statesOf(all).length === 4);
  expect(statesOf(one)).toHaveLength(2);
});

test("/sse has the same channels", async () => {
  await tell("EURUSD", "closed");
  const leaving = new AbortController();
  const { body } = await fetch(`${gateway.httpUrl}/sse?channels=status:*`, { signal: leaving.signal });
  let text = "";
  for await (const piece of body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += piece;
    if (/"channel":"status:EURUSD","state":"closed"/.test(text)) break;
  }
  leaving.abort();
  expect(text).toContain('"channel":"status:GBPUSD","state":"quiet"');
});
