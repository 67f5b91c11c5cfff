import { formatTime } from "@fx-ohlc/schemas";
import { eventually, type FaultProxy, faultProxy, type TestService } from "@fx-ohlc/testkit";
import { storedTicks } from "../src/stored.js";
import { impatientClient, patientClient, System } from "../src/system.js";
import { ageUntold } from "../src/untold.js";
import { type Told, Witness } from "../src/witness.js";

/** Small, so that an outage overflows it in a few requests. */
const PUBLISH_BUFFER_TICKS = 1_000;
/** What is not told of for so long is declared, s. */
const TELL_WITHIN_S = 15;
/** Somebody looks every 2 s; with room for two busy cores, ms. */
const DECLARED_WITHIN_MS = TELL_WITHIN_S * 1_000 + 20_000;

describe("tick-ingest that does not come to tell what it committed", () => {
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
  function post(symbol: string, agoMs: number, count: number, client = impatientClient(ingest)): Promise<unknown> {
    const startUs = (Date.now() - agoMs) * 1000;
    const ticks = Array.from({ length: count }, (_, index) => ({
      symbol,
      time: formatTime(startUs + index),
      price: 1 + index / 1000,
    }));
    return client.postTicks(ticks);
  }

  async function kill(): Promise<void> {
    await ingest.kill9();
    await ageUntold(system.sql);
  }

  async function killAndRestart(): Promise<void> {
    await kill();
    await wayToRedis.pass();
    await ingest.start();
  }

  async function untilLedgerIsEmpty(): Promise<void> {
    const isEmpty = async () => (await system.sql`select 1 from untold_commits limit 1`).length === 0;
    await eventually(isEmpty, { timeoutMs: DECLARED_WITHIN_MS, what: "every commit to be accounted for" });
  }

  /** Until every row that is there now is older than its writer may tell of it. */
  async function untilOverdue(): Promise<void> {
    const isOverdue = async () => {
      const [row] = await system.sql<{ n: number }[]>`
        select count(*)::int as n from untold_commits
         where written_at > clock_timestamp() - ${TELL_WITHIN_S}::int * interval '1 second'`;
      return row?.n === 0;
    };
    await eventually(isOverdue, { timeoutMs: DECLARED_WITHIN_MS, what: "every row to be overdue" });
  }

  async function untold(symbol: string, told: Told): Promise<unknown[]> {
    return (await storedTicks(system.sql, symbol)).filter((tick) => !told.covers(tick));
  }

  function toldTwice(symbol: string): unknown[] {
    return [...witness.heard(symbol).ticks].filter(([, times]) => times > 1);
  }

  it("because it was killed: its successor declares lost what was not published, and nothing else", async () => {
    await post("PUBLISHED", 60_000, 5);
    await eventually(() => witness.heard("PUBLISHED").ticks.size === 5);
    await post("BOTH", 60_000, 5);
    await eventually(() => witness.heard("BOTH").ticks.size === 5);
    // Killed within the quarter of a second before that, it would be declared as well.
    await untilLedgerIsEmpty();
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

  it("because it was killed: also what its full buffer had given up before is declared", async () => {
    await wayToRedis.refuse();
    for (let second = 10; second > 0; second -= 1) await post("OVERFLOW", second * 1000, 300);
    await killAndRestart();
    await untilLedgerIsEmpty();
    await eventually(() => witness.heard("OVERFLOW").lost.length > 0);
    expect(await untold("OVERFLOW", witness.heard("OVERFLOW"))).toEqual([]);
  });

  it("because it and its successors were killed: nothing is lost silently", async () => {
    await wayToRedis.refuse();
    await post("TWICE", 30_000, 5);
    await kill();
    await ingest.start();
    await post("TWICE", 20_000, 5);
    await killAndRestart();
    await kill();
    await ingest.start();
    await untilLedgerIsEmpty();
    await eventually(async () => (await untold("TWICE", witness.heard("TWICE"))).length === 0);
  });

  it("because Redis is away for longer, with a full buffer: one range is declared for each symbol", async () => {
    await wayToRedis.refuse();
    for (let second = 10; second > 0; second -= 1) {
      await post("LONG", second * 1000, 300);
      await post("QUIET", second * 1000, 1);
    }
    await untilOverdue();
    await wayToRedis.pass();
    await untilLedgerIsEmpty();
    for (const symbol of ["LONG", "QUIET"]) {
      await eventually(() => witness.heard(symbol).lost.length > 0);
      expect(witness.heard(symbol).revisions).toHaveLength(1);
      expect(witness.heard(symbol).ticks.size).toBe(0);
      expect(await untold(symbol, witness.heard(symbol))).toEqual([]);
    }
  });

  it("because it stands still: another one declares it, and when it wakes up it tells none of that", async () => {
    await wayToRedis.refuse();
    await post("FROZEN", 5_000, 50);
    ingest.freeze();
    const other = await system.start("tick-ingest");
    await untilLedgerIsEmpty();
    await eventually(() => witness.heard("FROZEN").lost.length > 0);
    await wayToRedis.pass();
    ingest.thaw();
    // Whatever it would tell first, it would have told before this.
    await post("FROZEN", 0, 1, patientClient(ingest));
    await eventually(() => witness.heard("FROZEN").ticks.size > 0);
    expect(witness.heard("FROZEN").ticks.size).toBe(1);
    expect(witness.heard("FROZEN").revisions).toHaveLength(1);
    expect(await untold("FROZEN", witness.heard("FROZEN"))).toEqual([]);
    await other.stop();
  });

  it("tells no tick twice in all of that", () => {
    for (const symbol of ["PUBLISHED", "BOTH", "NOT", "OVERFLOW", "TWICE", "LONG", "QUIET", "FROZEN"]) {
      expect(toldTwice(symbol)).toEqual([]);
    }
  });
});
