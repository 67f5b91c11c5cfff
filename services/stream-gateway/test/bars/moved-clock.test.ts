import { eventually } from "@fx-ohlc/testkit";
import postgres from "postgres";
import { barOf, microsOf, Stack } from "../support/stack.js";
import { type Message, TestClient } from "../support/test-client.js";

const HOUR_MS = 3_600_000;
/** Enough for everything that is to be seen before the minute ends. */
const SETUP_MS = 15_000;
const SYMBOL = "CLOCK";

let stack: Stack;
let sql: postgres.Sql;
beforeEach(async () => {
  stack = await Stack.start();
  sql = postgres(stack.database.url, { max: 1, onnotice: () => undefined });
}, 60_000);
afterEach(async () => {
  jest.restoreAllMocks();
  await sql.end();
  await stack.stop();
}, 60_000);

/** The gateway's, which runs in this process; the other services are processes of their own. */
const realNow = Date.now;
function moveGatewayClock(byMs: number): void {
  jest.spyOn(Date, "now").mockImplementation(() => realNow() + byMs);
}

async function moveDatabaseClock(byMs: number): Promise<void> {
  await sql.unsafe(`create or replace function fx_now() returns timestamptz language sql stable parallel safe
                    return now() + interval '${byMs} milliseconds'`);
  await sql.unsafe(`create or replace function fx_clock() returns timestamptz language sql volatile parallel safe
                    return clock_timestamp() + interval '${byMs} milliseconds'`);
}

async function post(price: number): Promise<void> {
  await stack.post([{ symbol: SYMBOL, time: new Date(realNow()).toISOString(), price }]);
}

/** Waits for a minute with room in it; its end, ms. */
async function roomyMinute(): Promise<number> {
  const left = () => 60_000 - (realNow() % 60_000);
  await eventually(() => left() > SETUP_MS, { timeoutMs: SETUP_MS + 5_000 });
  return realNow() + left();
}

async function follow(): Promise<TestClient> {
  return TestClient.open(`${stack.gateway.wsUrl}/ws/ohlc/minute?symbol=${SYMBOL}`);
}

/** What a client believes of each bar is what the database has. */
async function expectTruth(messages: readonly Message[]): Promise<void> {
  const stored = await stack.bars(SYMBOL, "minute", (realNow() - HOUR_MS) * 1000);
  const believed = new Map(messages.map((message) => [message.bucket, message]));
  expect([...believed.values()].map(barOf)).toEqual(stored.map(barOf));
}

test("a gateway whose clock jumps, ahead and back, closes bars when they end and tells nothing final before", async () => {
  const endMs = await roomyMinute();
  const client = await follow();
  let price = 1;
  for (const byMs of [0, 2 * HOUR_MS, -HOUR_MS, 0, 24 * HOUR_MS]) {
    moveGatewayClock(byMs);
    price += 1;
    const wanted = price;
    await post(wanted);
    await client.receives(`the tick of ${wanted}`, ({ close }) => close === wanted);
  }
  expect(client.messages.filter(({ complete, final, revision }) => complete || final || revision)).toEqual([]);
  const final = await client.receives("the final bar", (message) => message.final, 70_000);
  const finalMs = microsOf(final.timestamp) / 1000 - endMs;
  expect(finalMs).toBeGreaterThanOrEqual(1_990);
  expect(finalMs).toBeLessThan(2_500);
  expect(client.messages.filter((message) => message.revision)).toEqual([]);
  await expectTruth(client.messages);
}, 120_000);

test("a database whose clock was ahead for a while: bars told final too early go on, and close when they end", async () => {
  const endMs = await roomyMinute();
  const client = await follow();
  await post(1);
  await client.receives("the running bar", ({ close, final }) => close === 1 && !final);
  await moveDatabaseClock(2 * HOUR_MS);
  await client.receives("the bar told final too early", (message) => message.final);
  await moveDatabaseClock(0);
  await client.receives("the bar taken back", ({ revision, final }) => revision === true && !final);
  const toldBefore = client.messages.length;
  await post(2);
  await client.receives("the running bar again", ({ close }) => close === 2);
  const later = () => client.messages.slice(toldBefore);
  await eventually(() => later().some((message) => message.final), { timeoutMs: 70_000 });
  expect(later().filter((message) => message.revision)).toEqual([]);
  expect(microsOf(later().at(-1)?.timestamp) / 1000).toBeGreaterThanOrEqual(endMs + 1_990);
  await expectTruth(client.messages);
}, 120_000);

test("a gateway whose clock is wrong says so in its health and metrics, and is ready", async () => {
  const health = async () =>
    (await fetch(`${stack.gateway.httpUrl}/health`)).json() as Promise<Record<string, unknown>>;
  await eventually(async () => "clock_skew_s" in (await health()));
  moveGatewayClock(-2 * HOUR_MS);
  await eventually(async () => (await health()).status === "unhealthy");
  expect(await health()).toMatchObject({
    ...{ redis: "connected", clock_skew_s: expect.closeTo(-7200, 0) },
    problems: [expect.stringMatching(/(7199\.\d|7200\.\d) s behind the database's$/)],
  });
  expect((await fetch(`${stack.gateway.httpUrl}/ready`)).status).toBe(200);
  expect(await (await fetch(`${stack.gateway.httpUrl}/metrics`)).text()).toMatch(/^clock_skew_seconds -7(199|200)/m);
});
