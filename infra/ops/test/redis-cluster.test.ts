import { streamNames } from "@fx-ohlc/schemas";
import { eventually, type TestRedisCluster, testRedisCluster } from "@fx-ohlc/testkit";
import { expectAllTold, RedisServices } from "./redis-services.js";

/** On three different nodes of a cluster of three. */
const SYMBOLS = ["EURUSD", "GBPUSD", "USDJPY", "AUDUSD", "USDCHF", "NZDUSD"];
/** A symbol's node is the same in every namespace. */
const { streamKey } = streamNames("");

describe("tick-ingest and stream-gateway on a Redis Cluster of three masters", () => {
  let cluster: TestRedisCluster;
  let services: RedisServices;

  beforeAll(async () => {
    cluster = await testRedisCluster();
    services = await RedisServices.start(SYMBOLS, { REDIS_URL: cluster.url.replace("redis:", "redis+cluster:") });
  });

  afterAll(async () => {
    await services.stop();
    await cluster.drop();
  });

  test("every tick of every symbol reaches a client, whichever node holds it, though nobody had sent it before", async () => {
    const ports = await Promise.all(SYMBOLS.map((symbol) => cluster.portOf(streamKey(symbol))));
    expect(new Set(ports).size).toBe(3);
    await services.expectWhole();
  });

  test("when a master is killed and failed over, clients get every tick or are told which they missed, and it goes on", async () => {
    const listeners = await services.listen();
    const victim = await nodeOf("EURUSD");
    const sent = await services.produceDuring(8, async () => {
      await victim.kill9();
      await eventually(async () => (await cluster.portOf(streamKey("EURUSD"))) !== victim.port, {
        what: "a replica to take over",
      });
    });
    await expectAllTold(listeners, sent);
    // What a commit of many symbols could not tell of in time is declared for all of them: too much, not too little.
    for (const listener of listeners.values()) listener.stop();
    await eventually(() => services.expectWhole().then(() => true), { timeoutMs: 60_000 });
  });

  async function nodeOf(symbol: string): Promise<TestRedisCluster["nodes"][number]> {
    const port = await cluster.portOf(streamKey(symbol));
    const node = cluster.nodes.find((candidate) => candidate.port === port);
    if (node === undefined) throw new Error(`no node holds ${symbol}`);
    return node;
  }
});
