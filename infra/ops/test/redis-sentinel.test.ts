import { eventually, type TestRedisSentinel, testRedisSentinel } from "@fx-ohlc/testkit";
import { expectAllTold, RedisServices } from "./redis-services.js";

const SYMBOLS = ["EURUSD", "GBPUSD", "USDJPY"];

describe("tick-ingest and stream-gateway on a Redis that sentinels watch", () => {
  let redis: TestRedisSentinel;
  let services: RedisServices;

  beforeAll(async () => {
    redis = await testRedisSentinel();
    services = await RedisServices.start(SYMBOLS, { REDIS_URL: redis.url });
  });

  afterAll(async () => {
    await services.stop();
    await redis.drop();
  });

  test("every tick reaches a client, and no gap is declared", async () => {
    await services.expectWhole();
  });

  test("when the master is frozen and failed over under load, clients get every tick or are told which they missed; it goes on, also when the old master wakes up", async () => {
    const listeners = await services.listen();
    const port = await redis.masterPort();
    const victim = redis.nodes.find((node) => node.port === port);
    const sent = await services.produceDuring(12, async () => {
      victim?.freeze();
      await eventually(async () => (await redis.masterPort()) !== port, {
        timeoutMs: 60_000,
        what: "the replica to take over",
      });
    });
    await expectAllTold(listeners, sent);
    for (const listener of listeners.values()) listener.stop();
    victim?.thaw();
    await eventually(() => services.expectWhole().then(() => true), { timeoutMs: 60_000 });
  }, 180_000);
});
