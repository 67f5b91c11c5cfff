import { FxClient } from "@fx-ohlc/client";
import { formatTime, nowUs } from "@fx-ohlc/schemas";
import { eventually } from "@fx-ohlc/testkit";
import { ShiftedClock } from "../src/clock/shifted-clock.js";
import { type Everything, healthOf, System } from "../src/system.js";

const HOUR_MS = 3_600_000;
const SYMBOL = "EURUSD";
/** A request's way, on a busy machine, ms. */
const SOON_MS = 5_000;

let system: System;
let clock: ShiftedClock;
let everything: Everything;

beforeAll(async () => {
  clock = new ShiftedClock();
  system = await System.create();
  everything = await system.startAll(clock.env);
});
afterAll(async () => {
  await system.stop();
  clock.remove();
});

/** Without the SDK, which gives ticks a time of its own. */
async function postWithoutTime(price: number): Promise<number> {
  const answer = await fetch(`${everything.edge.url}/ticks`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ symbol: SYMBOL, price }),
  });
  expect(answer.status).toBe(201);
  const { time, duplicate } = (await answer.json()) as { time: string; duplicate: boolean };
  expect(duplicate).toBe(false);
  return Date.parse(time);
}

const statusAhead = async (ms: number) => {
  const time = formatTime(nowUs() + ms * 1000);
  const body = JSON.stringify({ symbol: "AHEAD", time, price: 1 });
  const headers = { "Content-Type": "application/json" };
  return (await fetch(`${everything.edge.url}/ticks`, { method: "POST", headers, body })).status;
};

test("all services' clocks jump, ahead and back: stamps, limits, complete and live bars are right all the while", async () => {
  const client = new FxClient({ url: everything.edge.url });
  const stream = client.stream({ channels: [`ohlc:${SYMBOL}:day`] });
  const finals: string[] = [];
  stream.on("final", ({ bar }) => finals.push(bar.bucket));
  const seen: number[] = [];
  stream.on("bar", ({ bar }) => seen.push(bar.tick_count ?? 0));
  let sent = 0;
  for (const offsetMs of [0, 2 * HOUR_MS, 26 * HOUR_MS, -HOUR_MS, 0]) {
    clock.set(offsetMs);
    for (let again = 0; again < 5; again += 1) {
      const stampMs = await postWithoutTime(1.1);
      sent += 1;
      expect(Math.abs(stampMs - Date.now())).toBeLessThan(SOON_MS);
    }
    expect([await statusAhead(HOUR_MS), await statusAhead(60_000)]).toEqual([422, 201]);
    const [bar] = await client.latest({ symbols: [SYMBOL], interval: "day" });
    expect(bar).toMatchObject({ complete: false, tick_count: sent });
    await eventually(() => seen.includes(sent), { what: `the live bar of ${sent} ticks` });
  }
  stream.close();
  expect(finals).toEqual([]);
});

test("a clock that differs is told by every service and the edge, and is no longer when it is right", async () => {
  clock.set(-2 * HOUR_MS);
  await eventually(async () => (await healthOf(everything.edge)).status === 503);
  const { body } = await healthOf(everything.edge);
  for (const name of ["tick-ingest", "ohlc-query", "stream-gateway"]) {
    expect(body.problems).toContainEqual(
      expect.stringMatching(`^${name}: this machine's clock is 7\\d{3}\\.\\d s behind`),
    );
  }
  expect((await fetch(`${everything.edge.url}/ready`)).status).toBe(200);
  clock.set(0);
  await eventually(async () => (await healthOf(everything.edge)).status === 200);
});
