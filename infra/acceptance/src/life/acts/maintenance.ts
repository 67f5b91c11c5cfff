import { eventually } from "@fx-ohlc/testkit";
import type { EventOf } from "../event.js";
import { dueMarkUs, type Facts } from "../facts.js";
import type { Life } from "../life.js";

/** Dropping what has expired takes a few looks of the worker, each some tenths of a second, ms. */
const DROPPED_MS = 30_000;

async function keepFor(life: Life, keepDays: number | "left-out"): Promise<Facts> {
  await life.system.migrate(keepDays === "left-out" ? {} : { retentionDays: keepDays });
  const facts = await life.facts();
  life.marks.allow(facts);
  return facts;
}

/** Settings are changed while services run. What is left out stays as it is. */
export async function settings(life: Life, { keepDays }: EventOf<"settings">): Promise<void> {
  const before = await life.facts();
  const after = await keepFor(life, keepDays);
  const expected = keepDays === "left-out" ? before.keepDays : keepDays;
  if (after.keepDays !== expected) life.faults.push(`keep_ticks_days is ${after.keepDays}, not ${expected}`);
}

/** Until everything that has expired is gone, where the clocks allow it; the worker looks every second. */
export async function maintain(life: Life): Promise<void> {
  const { system } = life;
  life.marks.allow(await life.facts());
  if (system.aheadS !== system.database.aheadS) return;
  if ((await life.facts()).heldBecause !== undefined) await system.migrate({ confirmClock: true });
  const isDone = async () => {
    const facts = await life.facts();
    const [left] = await system.database.sql`
      select 1 from ticks, retention_mark where time < dropped_before - interval '7 days' limit 1`;
    return facts.markUs >= dueMarkUs(facts) && left === undefined;
  };
  await eventually(isDone, { timeoutMs: DROPPED_MS, what: "expired ticks to be dropped" });
}

/** Sessions that refresh and drop, by the beginning of their names. */
const MAINTENANCE_SESSIONS = "fx %";

/** Retention is shortened, and whoever sweeps is ended in the middle; the next one goes on. */
export async function killMaintenance(
  life: Life,
  { keepDays, how, afterMs }: EventOf<"kill-maintenance">,
): Promise<void> {
  const { ingest } = life.system.services;
  await ingest.stop();
  await keepFor(life, keepDays);
  await ingest.start();
  await new Promise((done) => setTimeout(done, afterMs));
  if (how === "session") {
    await life.system.database.terminate(MAINTENANCE_SESSIONS);
  } else {
    await life.system.killIngest();
    await ingest.start();
  }
  await maintain(life);
}
