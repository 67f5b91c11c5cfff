import { formatTime, nowUs } from "@fx-ohlc/schemas";
import { eventually, type TestService } from "@fx-ohlc/testkit";
import { DATABASE_FAULTS, type FaultyDatabase } from "../src/faulty-database.js";
import { storedTicks } from "../src/stored.js";
import { healthOf, System } from "../src/system.js";
import { type Call, Traffic } from "../src/traffic.js";

/** The contract promises 2 s; this process and the services share two busy cores, and are given as much again, ms. */
const ANSWERED_WITHIN_MS = 4_000;
const NOTICED_WITHIN_MS = 2_500;
/** Connections are opened again within a second or two, ms. */
const RECOVERED_WITHIN_MS = 10_000;
/** How long everything must go well afterwards, ms. */
const WELL_AGAIN_MS = 2_000;
const SYMBOL = "EURUSD";
/** The pace of the single posts, and of each other kind of request, ms. */
const POST_INTERVAL_MS = 20;
const CALL_INTERVAL_MS = 200;

describe.each(DATABASE_FAULTS)("while PostgreSQL is $fault", ({ open, outageMs }) => {
  let database: FaultyDatabase;
  let system: System;
  let ingest: TestService;
  let query: TestService;
  let traffic: Traffic[] = [];

  beforeAll(async () => {
    database = await open();
    system = await System.create(async () => database);
    const env = { DATABASE_URL: database.serviceUrl };
    [ingest, query] = await Promise.all([system.start("tick-ingest", env), system.start("ohlc-query", env)]);
  });

  afterAll(async () => {
    await Promise.all(traffic.map((calls) => calls.stop()));
    await system.stop();
  });

  it("every request is answered 503 with Retry-After within 2 s, and all is well again without a restart", async () => {
    const post = () => ({ method: "POST", url: `${ingest.url}/ticks`, body: newTick() }) as const;
    const posts = new Traffic(POST_INTERVAL_MS, post);
    traffic = [posts, ...otherCalls().map((next) => new Traffic(CALL_INTERVAL_MS, next))];
    await eventually(() => traffic.every(({ outcomes }) => outcomes.some(isWell)));

    await database.begin();
    await eventually(() => healthIs(503), { timeoutMs: NOTICED_WITHIN_MS, what: "health to say so" });
    for (const { url } of [ingest, query]) expect((await fetch(`${url}/ready`)).status).toBe(503);
    await posts.flowsFor(outageMs);

    await database.end();
    await eventually(() => healthIs(200), { timeoutMs: RECOVERED_WITHIN_MS, what: "the services to be healthy again" });
    const healthy = traffic.map(({ outcomes }) => outcomes.length);
    // Requests that began during the outage may still be refused.
    await eventually(() => traffic.every(({ outcomes }, index) => outcomes.slice(healthy[index]).some(isWell)), {
      timeoutMs: RECOVERED_WITHIN_MS,
      what: "every kind of request to be answered again",
    });
    const before = traffic.map(({ outcomes }) => outcomes.length);
    await Promise.all(traffic.map((calls) => calls.flowsFor(WELL_AGAIN_MS)));
    await Promise.all(traffic.map((calls) => calls.stop()));

    const failed = traffic.flatMap(({ outcomes }) => outcomes.filter((outcome) => !isWell(outcome)));
    expect(failed.filter(({ status, retryAfter }) => status !== 503 || !(Number(retryAfter) > 0))).toEqual([]);
    expect(failed.filter(({ tookMs }) => tookMs > ANSWERED_WITHIN_MS)).toEqual([]);
    expect(
      traffic.flatMap(({ outcomes }, index) => outcomes.slice(before[index]).filter((one) => !isWell(one))),
    ).toEqual([]);
    const stored = new Set((await storedTicks(system.sql, SYMBOL)).map(({ time }) => time));
    const acknowledged = posts.outcomes.filter(({ status }) => status === 201);
    expect(acknowledged.filter(({ call }) => !stored.has(call.body?.time ?? ""))).toEqual([]);
  });

  async function healthIs(status: number): Promise<boolean> {
    const reports = await Promise.all([ingest, query].map(healthOf));
    return reports.every((report) => report.status === status);
  }

  /** One of every other kind of request. */
  function otherCalls(): (() => Call)[] {
    const start = encodeURIComponent(formatTime(nowUs()));
    const range = `symbol=${SYMBOL}&start=${start}`;
    return [
      () => ({ method: "POST", url: `${ingest.url}/ticks/bulk`, body: [newTick()] }),
      () => ({ method: "PUT", url: `${ingest.url}/ticks?symbol=${SYMBOL}&time=${start}`, body: { price: 2 } }),
      () => ({ method: "DELETE", url: `${ingest.url}/ticks/${SYMBOL}/${start}` }),
      () => ({ method: "GET", url: `${query.url}/ohlc/minute?${range}` }),
      () => ({ method: "GET", url: `${query.url}/ohlc/day?${range}` }),
      () => ({ method: "GET", url: `${query.url}/ohlc/latest?symbol=${SYMBOL}` }),
      () => ({ method: "GET", url: `${query.url}/ticks?${range}` }),
      () => ({ method: "GET", url: `${query.url}/symbols` }),
    ];
  }
});

function newTick() {
  return { symbol: SYMBOL, time: formatTime(nowUs()), price: 1 + Math.random() };
}

/** PUT and DELETE ask for a tick that nobody has posted. */
function isWell({ status }: { status: number }): boolean {
  return [200, 201, 404].includes(status);
}
