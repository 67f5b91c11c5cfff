import { STORED_INTERVALS, type StoredInterval, US_PER_DAY, US_PER_MINUTE } from "@fx-ohlc/schemas";
import { eventually } from "@fx-ohlc/testkit";
import postgres from "postgres";
import { barOf, microsOf, Stack, timeFromNow } from "../support/stack.js";
import { type Message, TestClient } from "../support/test-client.js";

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start();
});

afterAll(async () => {
  expect(await stack.metric("live_bar_mismatch_total")).toBe(1);
  await stack.stop();
});

const clients: TestClient[] = [];
afterEach(() => {
  for (const client of clients.splice(0)) client.end();
});

async function follow(interval: StoredInterval, symbol?: string): Promise<TestClient> {
  const query = symbol === undefined ? "" : `?symbol=${symbol}`;
  const client = await TestClient.open(`${stack.gateway.wsUrl}/ws/ohlc/${interval}${query}`);
  clients.push(client);
  return client;
}

const YESTERDAY_US = () => Date.now() * 1000 - 2 * US_PER_DAY;

/** Some milliseconds where a machine is not busy (the benchmark measures it), ms. */
const SOON_MS = 10_000;

/** The newest stored bar of each level is what each follower was last told. */
async function expectSame(symbol: string, followers: readonly TestClient[], timeoutMs = SOON_MS): Promise<void> {
  for (const [index, interval] of STORED_INTERVALS.entries()) {
    const [newest] = (await stack.bars(symbol, interval, YESTERDAY_US())).slice(-1);
    await eventually(
      () => {
        const told = followers[index]?.messages.findLast((message) => message.bucket === newest.bucket);
        expect(told && barOf(told)).toEqual(barOf(newest));
        return true;
      },
      { timeoutMs, what: `the ${interval} bar of ${symbol}` },
    );
  }
}

describe("a live bar", () => {
  test("is there at once on connecting, and soon equals the stored one after each tick, in any order", async () => {
    await stack.post([{ symbol: "AAA", time: timeFromNow(-3000), price: 5 }]);
    const followers = await Promise.all(STORED_INTERVALS.map((interval) => follow(interval, "AAA")));
    await expectSame("AAA", followers);
    expect(Object.keys(followers[0]?.messages[0])).toEqual(
      "interval bucket symbol open high low close tick_count complete final timestamp".split(" "),
    );
    const asides = [-1000, -2000, -1000, -4000, -10, -2500, -5, -90_000, -3_700_000];
    for (const [index, aside] of asides.entries()) {
      await stack.post([{ symbol: "AAA", time: timeFromNow(aside), price: 4 + (index % 3), seq: index }]);
      await expectSame("AAA", followers);
    }
  });

  test("is sent at most every 250 ms while it changes", async () => {
    const follower = await follow("day", "BBB");
    const startedMs = performance.now();
    let price = 1;
    while (follower.messages.length < 8) await stack.post([{ symbol: "BBB", time: timeFromNow(0), price: ++price }]);
    await eventually(() => follower.messages.at(-1)?.close === price);
    // One in each step of the gateway's clock, which is put right on a busy machine by more than some milliseconds meanwhile; of
    // the first and the last step only a part need be seen.
    const steps = (performance.now() - startedMs) / 200 + 3;
    expect(follower.messages.length).toBeLessThanOrEqual(steps);
    expect(price).toBeGreaterThan(follower.messages.length);
  });

  test("of every symbol is told to those who name none, also of a symbol that is new", async () => {
    const everyone = await follow("minute");
    const multiplex = await TestClient.open(`${stack.gateway.wsUrl}/ws`);
    clients.push(multiplex);
    await multiplex.ask({ id: 1, op: "subscribe", channels: ["ohlc:*:hour"] });
    await stack.post([{ symbol: "CCC1", time: timeFromNow(0), price: 1 }]);
    await stack.post([{ symbol: "CCC2", time: timeFromNow(0), price: 2 }]);
    for (const symbol of ["CCC1", "CCC2"]) {
      await everyone.receives(symbol, (message) => message.symbol === symbol && message.tick_count === 1);
      const bar = await multiplex.receives(symbol, ({ channel }) => channel === `ohlc:${symbol}:hour`);
      expect(bar).toMatchObject({ type: "bar", bar: { symbol, interval: "hour", final: false } });
    }
    // Whoever comes later is told of all of them at once.
    const later = await follow("minute");
    await eventually(() => new Set(later.messages.map(({ symbol }) => symbol)).size >= 4);
  });
});

describe("a closed bar", () => {
  /** A minute that ended ten minutes ago: on TimescaleDB its bars are refreshed only when somebody says so. */
  const longAgo = () => new Date(Math.floor(Date.now() / 60_000 - 10) * 60_000 + 1000).toISOString();

  async function revisionOf(client: TestClient, matches: (message: Message) => boolean): Promise<Message> {
    return client.receives("a revision", (message) => message.revision === true && matches(message));
  }

  test("comes again with revision when a late tick, a PUT or a DELETE changes it", async () => {
    const time = longAgo();
    await stack.post([{ symbol: "DDD", time, price: 5 }]);
    const follower = await follow("minute", "DDD");
    await follower.receives("the newest bar", ({ final }) => final === true);
    const before = microsOf(time) - US_PER_MINUTE;
    const earlier = new Date(before / 1000).toISOString();
    await stack.post([{ symbol: "DDD", time: earlier, price: 3 }]);
    expect(await revisionOf(follower, ({ open }) => open === 3)).toMatchObject({
      tick_count: 1,
      complete: true,
      final: true,
    });
    await stack.putTick("DDD", earlier, 4);
    expect(await revisionOf(follower, ({ open }) => open === 4)).toMatchObject({ high: 4, low: 4, tick_count: 1 });
    await stack.deleteTick("DDD", earlier);
    expect(await revisionOf(follower, ({ tick_count }) => tick_count === 0)).toMatchObject({ open: null, close: null });
  });

  test("is told on /ws as a revision, and the open bars above it go on from the changed one", async () => {
    const client = await TestClient.open(`${stack.gateway.wsUrl}/ws`);
    clients.push(client);
    await stack.post([
      { symbol: "EEE", time: timeFromNow(-120_000), price: 5 },
      { symbol: "EEE", time: timeFromNow(0), price: 5 },
    ]);
    await client.ask({ id: 1, op: "subscribe", channels: ["ohlc:EEE:minute", "ohlc:EEE:day"] });
    const late = timeFromNow(-121_000);
    await stack.post([{ symbol: "EEE", time: late, price: 9 }]);
    await client.receives("the revision", ({ type, bar }) => type === "revision" && bar.interval === "minute");
    await client.receives("the day", ({ type, bar }) => type === "bar" && bar.interval === "day" && bar.high === 9);
    await stack.deleteTick("EEE", late);
    await eventually(() => client.messages.findLast(({ bar }) => bar?.interval === "day")?.bar.high === 5);
    await eventually(() => client.messages.findLast(({ type }) => type === "revision")?.bar.high !== 9);
  });
});

describe("a correction of closed bars", () => {
  const MINUTE_MS = US_PER_MINUTE / 1000;
  /** The start of a minute so many minutes ago. */
  const minuteAgo = (minutes: number) => Math.floor(Date.now() / MINUTE_MS - minutes) * MINUTE_MS;
  const timeOf = (ms: number) => new Date(ms).toISOString();

  /** The place of the minute without a tick. */
  const HOLE = 2;

  /** Posts a tick in each of some minutes but one, the last of them ten minutes ago. */
  async function postMinutes(symbol: string, count: number): Promise<number> {
    const fromMs = minuteAgo(count + 9);
    const minutes = Array.from({ length: count }, (_, at) => fromMs + at * MINUTE_MS).filter((_, at) => at !== HOLE);
    await stack.post(minutes.map((ms) => ({ symbol, time: timeOf(ms), price: 5 })));
    return fromMs;
  }

  async function everybody(symbol: string): Promise<Readonly<Record<"plain" | "multiplex" | "ticks", TestClient>>> {
    const multiplex = await TestClient.open(`${stack.gateway.wsUrl}/ws`);
    const ticks = await TestClient.open(`${stack.gateway.wsUrl}/ws/ticks?symbol=${symbol}`);
    clients.push(multiplex, ticks);
    const channels = [`ticks:${symbol}`, `ohlc:${symbol}:minute`, `ohlc:${symbol}:minute:bid`];
    await multiplex.ask({ id: 1, op: "subscribe", channels });
    const plain = await follow("minute", symbol);
    await plain.receives("the newest bar", ({ final }) => final === true);
    return { plain, multiplex, ticks };
  }

  test("is told bar by bar to who came after they had closed: emptied ones too, and those that held nothing", async () => {
    const fromMs = await postMinutes("FFF", 30);
    const { plain, multiplex } = await everybody("FFF");
    await stack.deleteRange("FFF", timeOf(fromMs), timeOf(fromMs + 5 * MINUTE_MS));
    for (let at = 0; at < 5; at += 1) {
      const bucket = timeOf(fromMs + at * MINUTE_MS).replace(".000", "");
      const empty = { bucket, tick_count: 0, open: null, close: null, final: true };
      const isIt = (bar: Message) => bar?.bucket === bucket && bar.tick_count === 0;
      expect(await plain.receives(bucket, (bar) => isIt(bar))).toMatchObject({ ...empty, revision: true });
      for (const side of ["", ":bid"]) {
        const isOfSide = ({ type, channel }: Message) => type === "revision" && channel === `ohlc:FFF:minute${side}`;
        const revision = await multiplex.receives(bucket, (message) => isOfSide(message) && isIt(message.bar));
        expect(revision.bar).toMatchObject(empty);
      }
    }
  });

  test("of more than a hundred is told as one gap over exactly their range, and as what it is to those who follow ticks on /ws", async () => {
    const fromMs = minuteAgo(329);
    const sql = postgres(stack.database.url, { max: 1 });
    // Past tick-ingest: late ticks are told themselves.
    await sql`insert into ticks select 'GGG', ${timeOf(fromMs)}::timestamptz + at * interval '1 minute', 0, 5
                                  from generate_series(0, 299) as at`;
    await sql.end();
    await stack.post([{ symbol: "GGG", time: timeOf(fromMs + 319 * MINUTE_MS), price: 5 }]);
    const { plain, multiplex, ticks } = await everybody("GGG");
    const [from, to] = [fromMs, fromMs + 300 * MINUTE_MS].map((ms) => timeOf(ms).replace("Z", "000Z"));
    await stack.deleteRange("GGG", from ?? "", to ?? "");
    const gap = { type: "gap", from, to, reason: "revised" };
    const last = timeOf(fromMs + 299 * MINUTE_MS).replace("Z", "001Z");
    expect(await plain.ofType("gap")).toEqual({ ...gap, symbol: "GGG" });
    const onChannel = (channel: string) =>
      multiplex.receives(channel, (message) => message.type === "gap" && message.channel === channel);
    for (const channel of ["ohlc:GGG:minute", "ohlc:GGG:minute:bid"]) {
      expect(await onChannel(channel)).toEqual({ ...gap, channel });
    }
    expect(await multiplex.ofType("corrected")).toMatchObject({ channel: "ticks:GGG", from, to: last, ticks: [] });
    expect(plain.messages.filter(({ tick_count }) => tick_count === 0)).toEqual([]);
    // Those who did not ask for corrections are told the next tick.
    await stack.post([{ symbol: "GGG", time: timeFromNow(0), price: 7 }]);
    expect(await ticks.receives("the next tick", ({ price }) => price === 7)).toBeDefined();
    expect(ticks.messages.filter(({ type }) => type !== undefined)).toEqual([]);
  });

  test("that empties the newest one is told, and the one before it is the newest", async () => {
    const fromMs = await postMinutes("III", 5);
    const { plain } = await everybody("III");
    const newestMs = fromMs + 4 * MINUTE_MS;
    await stack.deleteTick("III", timeOf(newestMs));
    const isBucket = (ms: number) => (bar: Message) => bar.bucket === timeOf(ms).replace(".000", "");
    await plain.receives("it", (bar) => isBucket(newestMs)(bar) && bar.revision === true && bar.tick_count === 0);
    const later = await follow("minute", "III");
    const [first] = [await later.receives("the newest bar", () => true)];
    expect(isBucket(newestMs - MINUTE_MS)(first)).toBe(true);
  });
});

describe("the running check", () => {
  /** What is committed is told within this time: what differs for longer is wrong, ms. */
  const TOLD_WITHIN_MS = 30_000;

  test("counts a difference from the database, and mends it", async () => {
    const follower = await follow("day", "HHH");
    await stack.post([{ symbol: "HHH", time: timeFromNow(-10), price: 5 }]);
    await follower.receives("the bar", ({ tick_count }) => tick_count === 1);
    const before = await stack.metric("live_bar_mismatch_total");
    const sql = postgres(stack.database.url, { max: 1 });
    // A tick that went round tick-ingest: nobody is told of it.
    await sql`insert into ticks values ('HHH', ${timeFromNow(0)}, 0, 6)`;
    await sql.end();
    // Whatever is looked at is looked at for so long, by the database's clock: the one that did not see the tick yet, too.
    const isMended = async () => {
      await stack.moveClock(stack.clockAheadMs + TOLD_WITHIN_MS);
      return follower.messages.some(({ tick_count }) => tick_count === 2);
    };
    await eventually(isMended, { timeoutMs: 60_000, intervalMs: 1_000, what: "the mended bar" });
    expect(await stack.metric("live_bar_mismatch_total")).toBe(before + 1);
  });
});
