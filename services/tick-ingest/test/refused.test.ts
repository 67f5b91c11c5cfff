import { createLogger, RedisLink } from "@fx-ohlc/service-kit";
import { eventually } from "@fx-ohlc/testkit";
import { type Ingest, startIngest } from "./ingest.js";
import { streamOf } from "./told.js";

let ingest: Ingest;
let redis: RedisLink;
beforeAll(async () => {
  ingest = await startIngest();
  const logger = createLogger({ service: "test", level: "error" });
  redis = new RedisLink({ url: ingest.redis.url, name: "test", logger });
  redis.open();
  await eventually(() => redis.isReady);
});
afterAll(async () => {
  redis.close();
  await ingest.stop();
});

test.each([
  ["full", "FULL", "maxmemory", "1", "0", "Redis refuses what is published: it is full (maxmemory)"],
  [
    "without its replicas",
    "ALONE",
    "min-replicas-to-write",
    "1",
    "0",
    "Redis refuses what is published: it has too few replicas",
  ],
])(
  "while Redis is %s, ticks are stored, health names it, and then they are told",
  async (...[, symbol, setting, bad, good, problem]) => {
    await redis.client.configSet(setting, bad);
    expect((await ingest.post("/ticks", { symbol, price: 1 })).status).toBe(201);
    const named = async () => {
      const { status, body } = await ingest.send("GET", "/health");
      return (
        status === 503 && body.status === "unhealthy" && JSON.stringify(body.problems) === JSON.stringify([problem])
      );
    };
    await eventually(named, { what: "health to name it" });
    expect((await ingest.send("GET", "/ready")).status).toBe(200);
    await redis.client.configSet(setting, good);
    await eventually(async () => (await ingest.send("GET", "/health")).status === 200, {
      what: "health to be good again",
    });
    expect(await streamOf(redis, ingest.names, symbol)).toEqual([expect.objectContaining({ type: "ticks" })]);
  },
  30_000,
);
