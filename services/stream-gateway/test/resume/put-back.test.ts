import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { streamNames } from "@fx-ohlc/schemas";
import { eventually, type TestRedis, testRedis } from "@fx-ohlc/testkit";
import { createClient } from "redis";
import { TestPublisher, testTick } from "../feed/test-publisher.js";
import { type QueryStub, queryStub } from "../support/query-stub.js";
import { type Message, TestClient } from "../support/test-client.js";
import { type TestGateway, testGateway } from "../support/test-gateway.js";

const NAMESPACE = "0123456789abcdef";
const FIRST = "aaaaaaaa";
const SECOND = "bbbbbbbb";

let redis: TestRedis;
let query: QueryStub;
let publisher: TestPublisher;
let gateways: TestGateway[] = [];
let clients: TestClient[] = [];

beforeAll(async () => {
  redis = await testRedis();
});

beforeEach(async () => {
  query = await queryStub();
  query.identity = { stream_namespace: NAMESPACE, incarnation: FIRST };
  publisher = await publisherOf(NAMESPACE);
  await publisher.empty(`${FIRST}epoch001`);
});

afterEach(async () => {
  for (const client of clients) client.end();
  for (const gateway of gateways) await gateway.stop();
  [clients, gateways] = [[], []];
  publisher.close();
  await query.stop();
});

afterAll(() => redis.drop());

async function publisherOf(namespace: string, url = redis.url): Promise<TestPublisher> {
  const opened = new TestPublisher(url);
  opened.names = streamNames(namespace);
  await opened.open();
  return opened;
}

async function open(url = redis.url, { url: OHLC_QUERY_URL } = query): Promise<TestGateway> {
  const gateway = await testGateway(url, { OHLC_QUERY_URL });
  gateways.push(gateway);
  return gateway;
}

async function connect(gateway: TestGateway, path = "/ws"): Promise<TestClient> {
  const client = await TestClient.open(`${gateway.wsUrl}${path}`);
  clients.push(client);
  return client;
}

async function follow(gateway: TestGateway, symbol: string, since?: string): Promise<[TestClient, Message]> {
  const client = await connect(gateway);
  const channels = [`ticks:${symbol}`];
  const from = since === undefined ? {} : { since: { [`ticks:${symbol}`]: since } };
  const answer = await client.ask({ id: 1, op: "subscribe", channels, ...from });
  return [client, answer.channels[0]];
}

const publish = async (symbol: string, from: number, count: number): Promise<string[]> => {
  const offsets: string[] = [];
  for (let index = from; index < from + count; index += 1)
    offsets.push(await publisher.ticks(symbol, [testTick(index)]));
  return offsets;
};

const timesOf = ({ messages }: TestClient): string[] =>
  messages.flatMap(({ type, ticks }) => (type === "ticks" ? ticks.map(({ time }: Message) => time) : []));
const times = (...indexes: number[]) => indexes.map((index) => testTick(index).time);
const gapsOf = ({ messages }: TestClient): Message[] => messages.filter(({ type }) => type === "gap");

/** What Redis holds at this moment, to be put back later. */
async function dump(): Promise<() => Promise<void>> {
  const client = createClient({ url: redis.url });
  await client.connect();
  await client.sendCommand(["SAVE"]);
  client.destroy();
  const [file, copy] = [join(redis.dataFolder, "dump.rdb"), join(redis.dataFolder, "kept.rdb")];
  await copyFile(file, copy);
  return async () => {
    await redis.kill9();
    await copyFile(copy, file);
    await redis.start();
  };
}

describe("a Redis that was put back to an earlier moment", () => {
  test("is a gap for those who follow, from where they were, and no resumption, of whatever age, is recovered", async () => {
    const gateway = await open();
    const [client] = await follow(gateway, "BACK");
    const early = await publish("BACK", 0, 5);
    const putBack = await dump();
    const later = await publish("BACK", 5, 20);
    await eventually(() => timesOf(client).length === 25);
    await putBack();
    const gap = await client.ofType("gap");
    expect(gap).toMatchObject({ reason: "lost" });
    expect(gap.from <= testTick(24).time && gap.to >= new Date().toISOString()).toBe(true);
    const other = await open();
    for (const since of [early[1], early[4], later[19]]) {
      for (const each of [gateway, other]) {
        const [, described] = await follow(each, "BACK", since);
        expect(described).toMatchObject({ recovered: false });
      }
    }
  });

  test("goes on with a new epoch, of which every tick is delivered once", async () => {
    const gateway = await open();
    const [client] = await follow(gateway, "ON");
    await publish("ON", 0, 3);
    const putBack = await dump();
    await publish("ON", 3, 3);
    await eventually(() => timesOf(client).length === 6);
    await putBack();
    await client.ofType("gap");
    publisher.beginEpoch(`${FIRST}epoch002`);
    const [first] = await eventually(() => publish("ON", 6, 4));
    await eventually(() => timesOf(client).length === 10);
    expect(timesOf(client)).toEqual(times(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
    expect(gapsOf(client)).toHaveLength(1);
    const [, described] = await follow(gateway, "ON", first);
    expect(described).toMatchObject({ recovered: true, replayed: 3 });
  });
});

describe("two deployments on one Redis, with database numbers of their own", () => {
  test("see neither ticks nor gaps of each other", async () => {
    const others = await queryStub();
    others.identity = { stream_namespace: "fedcba9876543210", incarnation: SECOND };
    const [ours, theirs] = await Promise.all([open(`${redis.url}/1`), open(`${redis.url}/2`, others)]);
    publisher.close();
    publisher = await publisherOf(NAMESPACE, `${redis.url}/1`);
    publisher.beginEpoch(`${FIRST}epoch001`);
    const other = await publisherOf("fedcba9876543210", `${redis.url}/2`);
    other.beginEpoch(`${SECOND}epoch001`);
    const listening = await Promise.all([connect(ours, "/ws/ticks"), connect(theirs, "/ws/ticks")]);
    await publish("EURUSD", 0, 3);
    await other.ticks("EURUSD", [testTick(100)]);
    await publish("EURUSD", 3, 2);
    await other.ticks("EURUSD", [testTick(101)]);
    await eventually(() => listening[0].messages.length >= 5 && listening[1].messages.length >= 2);
    expect(listening.map(({ messages }) => messages.map(({ time }) => time))).toEqual([
      times(0, 1, 2, 3, 4),
      times(100, 101),
    ]);
    other.close();
    await others.stop();
  });
});

describe("a database that was put back, or is another one", () => {
  test("is a gap of every symbol within seconds, and no resumption in an old epoch is recovered", async () => {
    const gateway = await open();
    const following = await Promise.all(["DB1", "DB2"].map((symbol) => follow(gateway, symbol)));
    const [offset] = await publish("DB1", 0, 1);
    await publish("DB2", 0, 1);
    await eventually(() => following.every(([client]) => timesOf(client).length === 1));
    query.identity = { ...query.identity, incarnation: SECOND };
    for (const [client] of following) expect(await client.ofType("gap", 3000)).toMatchObject({ reason: "lost" });
    const other = await open();
    for (const each of [gateway, other]) {
      const [, described] = await follow(each, "DB1", offset);
      expect(described).toMatchObject({ recovered: false });
    }
  });

  test("is told by its first message, of which, and of those after it, every tick is delivered once", async () => {
    const gateway = await open();
    const [client] = await follow(gateway, "NEW");
    await publish("NEW", 0, 2);
    await eventually(() => timesOf(client).length === 2);
    query.identity = { ...query.identity, incarnation: SECOND };
    publisher.beginEpoch(`${SECOND}epoch002`);
    await publish("NEW", 2, 5);
    await eventually(() => timesOf(client).length === 7);
    await publish("NEW", 7, 1);
    await eventually(() => timesOf(client).length === 8);
    expect(timesOf(client)).toEqual(times(0, 1, 2, 3, 4, 5, 6, 7));
    expect(gapsOf(client).length).toBeGreaterThan(0);
  });

  test("of which somebody goes on publishing: those ticks are not told, and their range is declared", async () => {
    const gateway = await open();
    const [client] = await follow(gateway, "STALE");
    publisher.beginEpoch(`${SECOND}epoch002`);
    await publish("STALE", 3, 2);
    const isCovered = (time: string) => gapsOf(client).some(({ from, to }) => from <= time && time < to);
    await eventually(() => times(3, 4).every(isCovered));
    expect(timesOf(client)).toEqual([]);
  });

  test("with other names: its streams are followed from their beginning, and nobody else's any more", async () => {
    const gateway = await open();
    const [client] = await follow(gateway, "MOVED");
    await publish("MOVED", 0, 1);
    await eventually(() => timesOf(client).length === 1);
    const other = await publisherOf("fedcba9876543210");
    other.beginEpoch(`${SECOND}epoch001`);
    await other.ticks("MOVED", [testTick(10)]);
    query.identity = { stream_namespace: "fedcba9876543210", incarnation: SECOND };
    await eventually(() => timesOf(client).includes(testTick(10).time));
    await publish("MOVED", 1, 1);
    await other.ticks("MOVED", [testTick(11)]);
    await eventually(() => timesOf(client).includes(testTick(11).time));
    expect(timesOf(client)).toEqual(times(0, 10, 11));
    other.close();
  });
});

describe("while ohlc-query is away", () => {
  test("a gateway that knows the database goes on", async () => {
    const gateway = await open();
    query.isAway = true;
    const [client] = await follow(gateway, "AWAY");
    const { asked } = query;
    await eventually(() => query.asked > asked + 1);
    await publish("AWAY", 0, 2);
    await eventually(() => timesOf(client).length === 2);
    expect(gapsOf(client)).toEqual([]);
  });

  test("a gateway that does not know it yet is not ready, and is as soon as it does", async () => {
    query.isAway = true;
    const starting = open();
    await eventually(() => query.asked > 1);
    query.isAway = false;
    await starting;
  });
});

test("a gateway beside a first-version ohlc-query and tick-ingest does as the first version did", async () => {
  await query.stop();
  query = await queryStub();
  publisher.names = streamNames("");
  publisher.beginEpoch("k3f9a0b1");
  const gateway = await open();
  const [client] = await follow(gateway, "FIRST");
  const [offset] = await publish("FIRST", 0, 3);
  await eventually(() => timesOf(client).length === 3);
  query.identity = { stream_namespace: "", incarnation: FIRST };
  await client.ofType("gap", 5000);
  await publish("FIRST", 3, 1);
  await eventually(() => timesOf(client).includes(testTick(3).time));
  const [, described] = await follow(gateway, "FIRST", offset);
  expect(described).toMatchObject({ recovered: true, replayed: 3 });
});
