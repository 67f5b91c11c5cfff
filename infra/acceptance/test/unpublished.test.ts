import { formatTime } from "@fx-ohlc/schemas";
import { eventually, type FaultProxy, faultProxy, type TestService } from "@fx-ohlc/testkit";
import { storedTicks } from "../src/stored.js";
import { impatientClient, System } from "../src/system.js";
import { type Told, Witness } from "../src/witness.js";

/** Small, so that an outage overflows it in a few requests. */
const PUBLISH_BUFFER_TICKS = 1_000;
/** The successor looks for the dead every 5 s; one look may come too early, ms. */
const SWEEP_TIMEOUT_MS = 15_000;

describe("tick-ingest killed with SIGKILL between a commit and its message", () => {
  let system: System;
  let wayToRedis: FaultProxy;
  let ingest: TestService;
  let witness: Witness;

  beforeAll(async () => {
    system = await System.create();
    wayToRedis = await faultProxy(system.redis.url);
    const env = { REDIS_URL: wayToRedis.url, PUBLISH_BUFFER_TICKS: String(PUBLISH_BUFFER_TICKS) };
    ingest = await system.start("tick-ingest", env);
    witness = await Witness.open(system.redis.url, await system.streamNames());
  });

  afterAll(async () => {
    witness.close();
    await wayToRedis.close();
    await system.stop();
  });

  /** One request, one commit: `count` ticks of which the first is `agoMs` old. */
  function post(symbol: string, agoMs: number, count: number): Promise<unknown> {
    const startUs = (Date.now() - agoMs) * 1000;
    const ticks = Array.from({ length: count }, (_, index) => ({
      symbol,
      time: formatTime(startUs + index),
      price: 1 + index / 1000,
    }));
    return impatientClient(ingest).postTicks(ticks);
  }

  async function killAndRestart(): Promise<void> {
    await ingest.kill9();
    await wayToRedis.pass();
    await ingest.start();
  }

  async function untilLedgerIsEmpty(): Promise<void> {
    const isEmpty = async () => (await system.sql`select 1 from unpublished_commits limit 1`).length === 0;
    await eventually(isEmpty, { timeoutMs: SWEEP_TIMEOUT_MS, what: "every commit to be accounted for" });
  }

  async function untold(symbol: string, told: Told): Promise<unknown[]> {
    return (await storedTicks(system.sql, symbol)).filter((tick) => !told.covers(tick));
  }

  it("has its successor declare lost what it committed and did not publish, and nothing else", async () => {
    await post("PUBLISHED", 60_000, 5);
    await eventually(() => witness.heard("PUBLISHED").ticks.size === 5);
    await post("BOTH", 60_000, 5);
    await eventually(() => witness.heard("BOTH").ticks.size === 5);
    await wayToRedis.refuse();
    await post("BOTH", 30_000, 7);
    await post("NOT", 30_000, 450);
    await killAndRestart();
    await untilLedgerIsEmpty();
    await eventually(() => witness.heard("NOT").lost.length > 0);
    for (const symbol of ["PUBLISHED", "BOTH", "NOT"]) expect(await untold(symbol, witness.heard(symbol))).toEqual([]);
    expect(witness.heard("PUBLISHED").revisions).toEqual([]);
    expect(witness.heard("BOTH").revisions).toHaveLength(1);
    expect(witness.heard("NOT").revisions).toHaveLength(1);
  });

  it("has its successor declare lost also what its full buffer had given up before", async () => {
    await wayToRedis.refuse();
    for (let second = 10; second > 0; second -= 1) await post("OVERFLOW", second * 1000, 300);
    await killAndRestart();
    await untilLedgerIsEmpty();
    await eventually(() => witness.heard("OVERFLOW").lost.length > 0);
    expect(await untold("OVERFLOW", witness.heard("OVERFLOW"))).toEqual([]);
  });

  it("loses nothing silently when its successors are killed, too", async () => {
    await wayToRedis.refuse();
    await post("TWICE", 30_000, 5);
    await ingest.kill9();
    await ingest.start();
    await post("TWICE", 20_000, 5);
    await killAndRestart();
    await ingest.kill9();
    await ingest.start();
    await untilLedgerIsEmpty();
    await eventually(async () => (await untold("TWICE", witness.heard("TWICE"))).length === 0);
  });
});
