import { readFile } from "node:fs/promises";
import { type Migration, migrate, parseMigration, SCHEMA_VERSION } from "@fx-ohlc/database";
import { formatTime, nowUs } from "@fx-ohlc/schemas";
import { eventually, startService, type TestService } from "@fx-ohlc/testkit";
import { storedTicks } from "../src/stored.js";
import { BarFollower } from "../src/stream/bar-follower.js";
import { healthOf, System } from "../src/system.js";
import { TickFollower } from "../src/tick-follower.js";
import { Traffic } from "../src/traffic.js";

const SYMBOL = "EURUSD";
const MINUTES = `ohlc:${SYMBOL}:minute`;
const POST_INTERVAL_MS = 20;
const READ_INTERVAL_MS = 100;
/** How long requests flow between two steps, ms. */
const BETWEEN_MS = 1_000;

/** A version to come that adds to the schema, and one after it that takes something away. */
async function nextVersions(engine: string): Promise<{ expand: Migration; contract: Migration }> {
  const text = await readFile(new URL(`../src/next-version/${engine}/expand.sql`, import.meta.url), "utf8");
  return {
    expand: parseMigration(`${SCHEMA_VERSION + 1}_expand.sql`, text),
    contract: parseMigration(
      `${SCHEMA_VERSION + 2}_contract.sql`,
      `-- serves from ${SCHEMA_VERSION + 1}\ndrop trigger ticks_noted on ticks`,
    ),
  };
}

let system: System;
let ingest: TestService;
let query: TestService;
let gateway: TestService;
let follower: TickFollower;
let barFollower: BarFollower;
let expand: Migration;
let contract: Migration;

beforeAll(async () => {
  system = await System.create();
  ({ expand, contract } = await nextVersions(await system.engine()));
  [ingest, query] = await Promise.all([system.start("tick-ingest"), system.start("ohlc-query")]);
  gateway = await system.start("stream-gateway", { OHLC_QUERY_URL: query.url });
  follower = await TickFollower.open(gateway.url, SYMBOL);
  barFollower = await BarFollower.open(gateway.url, [MINUTES]);
});

afterAll(async () => {
  follower.close();
  barFollower.close();
  await system.stop();
});

const fxMigrate = (...laterMigrations: Migration[]) =>
  migrate({ url: system.database.url, engine: "auto", laterMigrations, noticeMs: 0 });

test("services go on while a next version's schema comes, and start on it too: no request fails, no tick is lost or told twice", async () => {
  const newTick = () => ({ symbol: SYMBOL, time: formatTime(nowUs()), price: 1 + Math.random() });
  const posts = new Traffic(POST_INTERVAL_MS, () => ({ method: "POST", url: `${ingest.url}/ticks`, body: newTick() }));
  const bars = new Traffic(READ_INTERVAL_MS, () => ({
    method: "GET",
    url: `${query.url}/ohlc/latest?symbol=${SYMBOL}&interval=1m`,
  }));
  await eventually(() => posts.count(201) > 0 && bars.count(200) > 0, { what: "ticks to be stored and read" });

  await fxMigrate(expand);
  await Promise.all([posts.flowsFor(BETWEEN_MS), bars.flowsFor(BETWEEN_MS)]);

  // Back: processes of this version start on the next one's schema and take over.
  const before = { ingest, query };
  [ingest, query] = await Promise.all([system.start("tick-ingest"), system.start("ohlc-query")]);
  await Promise.all([posts.flowsFor(BETWEEN_MS), bars.flowsFor(BETWEEN_MS)]);
  await before.ingest.stop();
  await system.start("stream-gateway", { OHLC_QUERY_URL: query.url });
  await Promise.all([posts.flowsFor(BETWEEN_MS), bars.flowsFor(BETWEEN_MS)]);
  await Promise.all([posts.stop(), bars.stop()]);

  // Before the first tick there is no bar yet.
  const failed = [...posts.outcomes, ...bars.outcomes].filter(({ status }) => ![200, 201, 404].includes(status));
  expect(failed).toEqual([]);
  expect(posts.count(404)).toBe(0);
  const stored = await storedTicks(system.sql, SYMBOL);
  expect(stored.map(({ time }) => time)).toEqual(posts.outcomes.map(({ call }) => call.body?.time).sort());
  const told = () => [...follower.heard].sort(([a], [b]) => (a < b ? -1 : 1));
  await eventually(() => follower.heard.size === stored.length, { what: "every tick to be told" });
  expect(told()).toEqual(stored.map(({ time, seq }) => [`${time} ${seq}`, 1]));
  expect(follower.others).toEqual([]);
  const ticksInBars = () => barFollower.bars(MINUTES).reduce((sum, bar) => sum + bar.tick_count, 0);
  await eventually(() => ticksInBars() === stored.length, { what: "every tick to be in a streamed bar" });
  // The next version's schema was at work all the while.
  expect(await system.sql`select 1 from noted_statements limit 1`).toHaveLength(1);
});

test("once a schema does not serve them any more, services are not ready, say so, and do not start", async () => {
  await fxMigrate(expand, contract);
  const reason = `serves builds that know ${SCHEMA_VERSION + 1} or newer`;
  for (const service of [ingest, query]) {
    await eventually(async () => (await fetch(`${service.url}/ready`)).status === 503, { what: "a service to notice" });
    expect(JSON.stringify((await healthOf(service)).body)).toContain(reason);
  }
  const post = await fetch(`${ingest.url}/ticks`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ symbol: SYMBOL, time: formatTime(nowUs()), price: 1 }),
  });
  expect({ status: post.status, text: await post.text() }).toEqual({
    status: 503,
    text: expect.stringContaining(reason),
  });

  const env = { DATABASE_URL: system.database.url, REDIS_URL: system.redis.url };
  const late = await startService({ name: "ohlc-query", env, untilReady: false }).catch((error: Error) => error);
  await eventually(() => ("output" in late ? late.output : late.message).includes(reason), { what: "it to say why" });
  if ("stop" in late) await late.stop();
});
