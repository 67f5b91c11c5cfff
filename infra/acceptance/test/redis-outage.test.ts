import { formatTime, nowUs, parseTime } from "@fx-ohlc/schemas";
import { eventually, type TestService } from "@fx-ohlc/testkit";
import { Dashboard } from "../src/dashboard.js";
import { type StoredTick, storedTicks } from "../src/stored.js";
import { healthOf, System } from "../src/system.js";
import { Traffic } from "../src/traffic.js";
import { tickName, Witness } from "../src/witness.js";

/** Past every deadline of the way to Redis: silence is noticed within 2 s, reconnections are at most 2 s apart, ms. */
const OUTAGE_MS = 6_000;
/** A check has a deadline of 1 s and is shared for half a second, ms. */
const NOTICED_WITHIN_MS = 2_500;
/** Both back-offs, of the connection and of the publisher, with room for two busy cores, ms. */
const RECOVERED_WITHIN_MS = 10_000;
/** What one call to Redis carries of ticks that come one by one, with room for two busy cores. */
const CALL_MESSAGES = 10;
/** 50 ticks a second: a stream keeps some 5,000 messages, ms. */
const POST_INTERVAL_MS = 20;

describe.each([
  { outage: "stopped", begin: (system: System) => system.redis.stop(), end: (system: System) => system.redis.start() },
  { outage: "frozen", begin: (system: System) => system.redis.freeze(), end: (system: System) => system.redis.thaw() },
])("while Redis is $outage", ({ outage, begin, end }) => {
  const symbol = outage.toUpperCase();
  let system: System;
  let ingest: TestService;
  let witness: Witness;
  let traffic: Traffic | undefined;
  let dashboard: Dashboard;

  beforeAll(async () => {
    system = await System.create();
    ingest = await system.start("tick-ingest");
    witness = await Witness.open(system.redis.url, await system.streamNames());
    const query = await system.start("ohlc-query");
    const gateway = await system.start("stream-gateway", { OHLC_QUERY_URL: query.url });
    // A gateway that is ready may still be reading where each stream stands, and refuses clients until it knows.
    dashboard = await eventually(() => Dashboard.open(gateway, symbol));
  });

  afterAll(async () => {
    await traffic?.stop();
    dashboard?.close();
    witness?.close();
    await system.stop();
  });

  it("posts go on being acknowledged, health says so, and every tick is on the stream and on open WebSockets afterwards", async () => {
    const url = `${ingest.url}/ticks`;
    const post = () => ({ method: "POST", url, body: { symbol, time: formatTime(nowUs()), price: 1 } }) as const;
    traffic = new Traffic(POST_INTERVAL_MS, post);
    await eventually(() => witness.heard(symbol).ticks.size > 0, { what: "the stream to begin" });

    await begin(system);
    const noticed = async () => (await healthOf(ingest)).body.redis === "disconnected";
    await eventually(noticed, { timeoutMs: NOTICED_WITHIN_MS, what: "health to say that Redis is away" });
    expect(await healthOf(ingest)).toMatchObject({
      status: 503,
      body: { status: "unhealthy", database: "connected", redis: "disconnected" },
    });
    expect((await fetch(`${ingest.url}/ready`)).status).toBe(200);
    await traffic.flowsFor(OUTAGE_MS);
    const heardBefore = witness.heard(symbol).ticks;

    await end(system);
    const recovered = async () => (await healthOf(ingest)).status === 200;
    await eventually(recovered, { timeoutMs: RECOVERED_WITHIN_MS, what: "tick-ingest to be healthy again" });
    await traffic.stop();
    expect(traffic.count(201)).toBe(traffic.outcomes.length);
    const stored = await storedTicks(system.sql, symbol);
    expect(stored).toHaveLength(traffic.outcomes.length);
    const untold = async () => stored.filter(await isUntold(heardBefore));
    const told = async () => (await untold()).length === 0;
    await eventually(told, { timeoutMs: RECOVERED_WITHIN_MS, what: "the stream to tell of every tick" });
    // What a stopped Redis was sent and did not answer is declared, not told a second time: one call at most.
    const declared = (await witness.stream(symbol)).lost;
    expect(declared.length).toBeLessThanOrEqual(outage === "stopped" ? CALL_MESSAGES : 0);
    const unshown = () => {
      const shown = new Set(dashboard.ticks.map(tickName));
      const isDeclared = (timeUs = Number.NaN) =>
        declared.some(({ fromUs, toUs }) => fromUs <= timeUs && timeUs < toUs);
      return stored.filter((tick) => !shown.has(tickName(tick)) && !isDeclared(parseTime(tick.time)));
    };
    await eventually(() => unshown().length === 0, {
      timeoutMs: RECOVERED_WITHIN_MS,
      what: "a dashboard to have every tick",
    });
    const names = dashboard.ticks.map(tickName);
    expect(names).toHaveLength(new Set(names).size);
    const storedNames = new Set(stored.map(tickName));
    expect(names.filter((name) => !storedNames.has(name))).toEqual([]);
    // A Redis that was stopped has lost its streams: what may have been on them unseen is declared, once.
    expect(dashboard.gaps).toBe(outage === "stopped" ? 1 + declared.length : 0);
    expect(dashboard.isOpen).toBe(true);
  });

  /** Whether a tick is unknown to somebody who heard the channel before the outage and reads the stream after it. */
  async function isUntold(heardBefore: ReadonlyMap<string, number>): Promise<(tick: StoredTick) => boolean> {
    const stream = await witness.stream(symbol);
    return (tick) => !heardBefore.has(tickName(tick)) && !stream.covers(tick);
  }
});
