import { eventually } from "@fx-ohlc/embedded";
import { Leadership, LeadershipLostError } from "../src/leadership.js";
import { openPool, type Sql } from "../src/sql.js";
import { Keeper } from "./keeper.js";

const TIMING = { renewEveryMs: 20, trustMs: 150, staleAfterMs: 300 };

let keeper: Keeper;
const sessions: Sql[] = [];
beforeAll(async () => {
  keeper = await Keeper.open();
});
afterEach(async () => {
  await Promise.all(sessions.splice(0).map((sql) => sql.end({ timeout: 0 })));
});
afterAll(() => keeper.close());

function session(): Sql {
  const sql = openPool({ url: keeper.url, applicationName: "test", connectionsMax: 1, statementTimeoutMs: 0 });
  sessions.push(sql);
  return sql;
}

function candidate(): Leadership {
  return new Leadership(session(), session(), TIMING);
}

test("one process leads; when its session ends the next one does at once", async () => {
  const own = session();
  const first = new Leadership(own, session(), TIMING);
  const second = candidate();
  expect(await first.tryLead()).toBe(true);
  expect(await second.tryLead()).toBe(false);
  first.end();
  await own.end({ timeout: 0 });
  await eventually(() => second.tryLead());
  second.end();
});

test("a leader that renews its lease keeps it, however long it leads", async () => {
  const [first, second] = [candidate(), candidate()];
  expect(await first.tryLead()).toBe(true);
  const untilMs = performance.now() + 3 * TIMING.staleAfterMs;
  await eventually(async () => {
    expect(await second.tryLead()).toBe(false);
    first.assertHeld();
    return performance.now() > untilMs;
  });
  first.end();
});

test("a leader whose transaction waits for longer than a lease lasts keeps leading, and nobody takes over before its end", async () => {
  const [first, second] = [candidate(), candidate()];
  const other = session();
  await other`create table waited_for as select 1 as row`;
  expect(await first.tryLead()).toBe(true);
  let waiting: Promise<unknown> = Promise.resolve();
  await other.begin(async (correction) => {
    await correction`update waited_for set row = 2`;
    waiting = first.transaction((transaction) => transaction`update waited_for set row = 3`);
    const untilMs = performance.now() + 3 * TIMING.staleAfterMs;
    await eventually(async () => {
      expect(await second.tryLead()).toBe(false);
      first.assertHeld();
      return performance.now() > untilMs;
    });
  });
  await waiting;
  first.assertHeld();
  first.end();
});

test("a leader that lost its lock within a transaction is waited for by the next one", async () => {
  const own = session();
  const [first, next] = [new Leadership(own, session(), TIMING), candidate()];
  expect(await first.tryLead()).toBe(true);
  await own`select pg_advisory_unlock_all()`;
  let taken: Promise<boolean> = Promise.resolve(false);
  await first.transaction(async (transaction) => {
    taken = next.tryLead();
    await eventually(async () => (await transaction`select 1 from pg_locks where not granted`).length > 0);
    await transaction`update maintenance set renewed_at = fx_clock()`;
  });
  expect(await taken).toBe(true);
  await expect(first.transaction((transaction) => transaction`select 1`)).rejects.toThrow(LeadershipLostError);
  first.end();
  next.end();
});

test("a leader that is frozen is replaced, and finds out before it does anything more", async () => {
  const [frozen, next] = [candidate(), candidate()];
  expect(await frozen.tryLead()).toBe(true);
  // Frozen as far as anybody can see: its sessions stay and its lease is not renewed.
  frozen.end();
  await eventually(() => next.tryLead());
  expect(() => frozen.assertHeld()).toThrow(LeadershipLostError);
  await expect(frozen.transaction((transaction) => transaction`select 1`)).rejects.toThrow(LeadershipLostError);
  await next.transaction((transaction) => transaction`select 1`);
  next.end();
});

test("a process that holds the lock without a lease, as the first version does, is replaced too", async () => {
  const old = session();
  await old`select pg_advisory_lock(5064222)`;
  const next = candidate();
  expect(await next.tryLead()).toBe(false);
  await eventually(() => next.tryLead());
  next.end();
});
