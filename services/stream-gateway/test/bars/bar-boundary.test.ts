import { eventually, watchEventLoop } from "@fx-ohlc/testkit";
import { microsOf, Stack } from "../support/stack.js";
import { type Message, TestClient } from "../support/test-client.js";

/**
 * What happens at a minute's end. The scenarios are played at boundaries of their own, the databases' clocks moved so that they
 * come soon, and on stacks of their own, the Redis of one of them stopped across it: they are started together, and the tests
 * look at what was seen.
 */
let stacks: { readonly whole: Stack; readonly broken: Stack };
let seen: {
  readonly quiet: Message[];
  readonly ahead: Message[];
  readonly withoutRedis: Message[];
  readonly wholeEndMs: number;
  readonly brokenEndMs: number;
};
/** The gateways run in this process: what it was held up by others on the machine is no fault of theirs. */
let heldUpMs: number;

/** Enough before the boundary for every scenario to have its first bar, on a busy machine too. */
const LEFT_MS = 20_000;
/** Left of it once they have: the gateway hears of the clock, and Redis is stopped 4 s before the end. */
const ENOUGH_MS = 8_000;

async function follow(stack: Stack, symbol: string): Promise<TestClient> {
  return TestClient.open(`${stack.gateway.wsUrl}/ws/ohlc/minute?symbol=${symbol}`);
}

/** A symbol with one tick in the minute and none after. */
async function watchQuietEnd(stack: Stack, endMs: number): Promise<Message[]> {
  const client = await follow(stack, "QUIET");
  await stack.post([{ symbol: "QUIET", time: stack.timeFromNow(0), price: 5 }]);
  await client.receives("the bar", ({ tick_count }) => tick_count === 1);
  await stack.moveOnTo(endMs, ENOUGH_MS);
  await client.receives("the final bar", ({ final }) => final, 70_000);
  await stack.post([{ symbol: "QUIET", time: new Date(endMs - 1).toISOString(), price: 7 }]);
  await client.receives("the revision", ({ revision }) => revision === true);
  return client.messages;
}

/** A tick of the next minute, posted and published before anybody followed its symbol. */
async function followAhead(stack: Stack, endMs: number): Promise<TestClient> {
  await stack.post([{ symbol: "AHEAD", time: new Date(endMs + 100).toISOString(), price: 1 }]);
  await stack.post([{ symbol: "AHEAD", time: stack.timeFromNow(0), price: 2 }]);
  return follow(stack, "AHEAD");
}

async function watchAhead(client: TestClient): Promise<Message[]> {
  await client.receives("the next bar", ({ tick_count, open }) => tick_count === 1 && open === 1, 70_000);
  return client.messages;
}

/** Redis is stopped before the end; a tick is committed meanwhile. */
async function watchWithoutRedis(stack: Stack, endMs: number): Promise<Message[]> {
  const client = await follow(stack, "DARK");
  await stack.post([{ symbol: "DARK", time: stack.timeFromNow(0), price: 5 }]);
  await client.receives("the bar", ({ tick_count }) => tick_count === 1);
  await stack.moveOnTo(endMs, ENOUGH_MS);
  await eventually(() => stack.nowMs > endMs - 4000, { timeoutMs: 70_000 });
  await stack.redis.stop();
  await stack.post([{ symbol: "DARK", time: new Date(endMs - 3000).toISOString(), price: 8 }]);
  await client.receives("the final bar", ({ final }) => final);
  await stack.redis.start();
  await stack.post([{ symbol: "DARK", time: stack.timeFromNow(0), price: 9 }]);
  await client.receives("the next bar", ({ open }) => open === 9);
  return client.messages;
}

beforeAll(async () => {
  const [whole, broken] = await Promise.all([Stack.start(), Stack.start()]);
  stacks = { whole, broken };
  const [wholeEndMs, brokenEndMs] = await Promise.all([whole.minuteEndingIn(LEFT_MS), broken.minuteEndingIn(LEFT_MS)]);
  const longestMs = watchEventLoop();
  const ahead = await followAhead(whole, wholeEndMs);
  const [quiet, later, withoutRedis] = await Promise.all([
    watchQuietEnd(whole, wholeEndMs),
    watchAhead(ahead),
    watchWithoutRedis(broken, brokenEndMs),
  ]);
  heldUpMs = longestMs();
  seen = { quiet, ahead: later, withoutRedis, wholeEndMs, brokenEndMs };
}, 180_000);

afterAll(async () => {
  await Promise.all([stacks.whole.stop(), stacks.broken.stop()]);
});

/** How long after an instant a message was sent, ms. */
const delayOf = (message: Message, sinceMs: number): number => microsOf(message.timestamp) / 1000 - sinceMs;

describe("a minute's end", () => {
  test("is told within 250 ms, and the final bar once, within 2.5 s, with no tick needed", () => {
    const delayUntil = (matches: (message: Message) => boolean) => delayOf(seen.quiet.find(matches), seen.wholeEndMs);
    const completeMs = delayUntil(({ complete }) => complete);
    expect(completeMs).toBeGreaterThanOrEqual(0);
    expect(completeMs).toBeLessThan(250 + heldUpMs);
    const finalMs = delayUntil(({ final }) => final);
    expect(finalMs).toBeGreaterThanOrEqual(2000);
    expect(finalMs).toBeLessThan(2500 + heldUpMs);
    const states = seen.quiet.map(({ complete, final, revision }) => [complete, final, revision]);
    expect(states).toEqual([
      [false, false, undefined],
      [true, false, undefined],
      [true, true, undefined],
      [true, true, true],
    ]);
  });

  test("does not end the bar for a tick that comes after it: the bar is revised", () => {
    expect(seen.quiet.at(-1)).toMatchObject({ bucket: seen.quiet[0].bucket, close: 7, tick_count: 2 });
  });

  test("brings to light what was stamped ahead of the clock before anybody followed the symbol", () => {
    const [running] = seen.ahead;
    expect(running).toMatchObject({ open: 2, tick_count: 1 });
    const next = seen.ahead.find(({ bucket }) => bucket !== running.bucket);
    expect(next).toMatchObject({ open: 1, tick_count: 1 });
    expect(delayOf(next, seen.wholeEndMs)).toBeGreaterThanOrEqual(0);
  });

  test("is told rightly even when Redis was away across it", () => {
    const [final, ...more] = seen.withoutRedis.filter((message) => message.final);
    expect(final).toMatchObject({ close: 8, tick_count: 2 });
    expect(delayOf(final, seen.brokenEndMs)).toBeGreaterThanOrEqual(2000);
    expect(more).toEqual([]);
  });

  test("leaves nothing that differs from the database", async () => {
    for (const stack of Object.values(stacks)) expect(await stack.metric("live_bar_mismatch_total")).toBe(0);
  });
});
