import { eventually, watchEventLoop } from "@fx-ohlc/testkit";
import { barOf, microsOf, Stack } from "../support/stack.js";
import { type Message, TestClient } from "../support/test-client.js";

const HOUR_MS = 3_600_000;
/** Enough for everything that is to be seen before the minute ends, on a busy machine too. */
const LEFT_MS = 30_000;
/** Enough for the gateway to have heard of the database's clock before the minute ends, when nothing else is to be seen. */
const ENOUGH_MS = 8_000;
const SYMBOL = "CLOCK";

let stack: Stack;
beforeEach(async () => {
  stack = await Stack.start();
});
afterEach(async () => {
  jest.restoreAllMocks();
  await stack.stop();
});

/** The gateway's, which runs in this process; the other services are processes of their own. */
const realNow = Date.now;
function moveGatewayClock(byMs: number): void {
  jest.spyOn(Date, "now").mockImplementation(() => realNow() + byMs);
}

async function post(price: number): Promise<void> {
  await stack.post([{ symbol: SYMBOL, time: stack.timeFromNow(0), price }]);
}

async function follow(): Promise<TestClient> {
  return TestClient.open(`${stack.gateway.wsUrl}/ws/ohlc/minute?symbol=${SYMBOL}`);
}

/** What a client believes of each bar is what the database has. */
async function expectTruth(messages: readonly Message[]): Promise<void> {
  const stored = await stack.bars(SYMBOL, "minute", Math.floor(stack.nowMs - HOUR_MS) * 1000);
  const believed = new Map(messages.map((message) => [message.bucket, message]));
  expect([...believed.values()].map(barOf)).toEqual(stored.map(barOf));
}

test("a gateway whose clock jumps, ahead and back, closes bars when they end and tells nothing final before", async () => {
  const endMs = await stack.minuteEndingIn(LEFT_MS);
  const heldUpMs = watchEventLoop();
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
  await stack.moveOnTo(endMs, ENOUGH_MS);
  const final = await client.receives("the final bar", (message) => message.final, 70_000);
  const finalMs = microsOf(final.timestamp) / 1000 - endMs;
  expect(finalMs).toBeGreaterThanOrEqual(1_990);
  // The gateway runs in this process: what it was held up by others on the machine is no fault of its own.
  expect(finalMs).toBeLessThan(2_500 + heldUpMs());
  expect(client.messages.filter((message) => message.revision)).toEqual([]);
  await expectTruth(client.messages);
});

test("a database whose clock was ahead for a while: bars told final too early go on, and close when they end", async () => {
  const endMs = await stack.minuteEndingIn(LEFT_MS);
  const { clockAheadMs } = stack;
  const client = await follow();
  await post(1);
  await client.receives("the running bar", ({ close, final }) => close === 1 && !final);
  await stack.moveClock(clockAheadMs + 2 * HOUR_MS);
  await client.receives("the bar told final too early", (message) => message.final);
  await stack.moveClock(clockAheadMs);
  await client.receives("the bar taken back", ({ revision, final }) => revision === true && !final);
  const toldBefore = client.messages.length;
  await post(2);
  await client.receives("the running bar again", ({ close }) => close === 2);
  const later = () => client.messages.slice(toldBefore);
  await stack.moveOnTo(endMs, ENOUGH_MS);
  await eventually(() => later().some((message) => message.final), { timeoutMs: 70_000 });
  expect(later().filter((message) => message.revision)).toEqual([]);
  expect(microsOf(later().at(-1)?.timestamp) / 1000).toBeGreaterThanOrEqual(endMs + 1_990);
  await expectTruth(client.messages);
});

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
