import { type ChannelBars, INTERVALS, nowUs, ohlcChannel, parseLiveInterval } from "@fx-ohlc/schemas";
import { eventually } from "@fx-ohlc/testkit";
import { barOf, type PostedTick, Stack, WITH_QUOTES } from "../support/stack.js";
import { type Message, TestClient } from "../support/test-client.js";

/** Every interval of the read side, and bars of ticks, with the configured start of the day and with two others. */
const LEVELS: readonly ChannelBars[] = [...INTERVALS, "10t", "100t"].flatMap((name) => {
  const interval = parseLiveInterval(name) ?? "minute";
  const boundaries = [undefined, { hour: 17, timezone: "America/New_York" }, { hour: 9, timezone: "Asia/Kolkata" }];
  const hasBoundary = /^(45m|[2-9]h|12h|1[dwMy]|3M)$/.test(name);
  return boundaries
    .filter((boundary) => boundary === undefined || hasBoundary)
    .map((boundary) => ({ interval, side: "quote" as const, boundary }));
});

const SYMBOL = "EURUSD";
let stack: Stack;
let client: TestClient;

beforeAll(async () => {
  stack = await Stack.start({ CHANNELS_MAX: "1000" });
});

afterAll(async () => {
  client?.end();
  await stack?.stop();
});

/** Deterministic, for the same prices every time. */
function* costs(): Generator<Pick<PostedTick, "price" | "bid" | "ask">> {
  for (let i = 1; ; i += 1) {
    const bid = 1 + ((i * 7919) % 1000) / 10_000;
    if (i % 3 === 0) yield { price: bid } as PostedTick;
    else yield { bid, ask: Number((bid + 0.0002).toFixed(5)) } as PostedTick;
  }
}

function query({ interval, boundary }: ChannelBars): string {
  const day = boundary === undefined ? {} : { day_start_hour: String(boundary.hour), timezone: boundary.timezone };
  const range = { start: "2000-01-01", end: new Date(nowUs() / 1000 + 86_400_000).toISOString(), limit: "10000" };
  return new URLSearchParams({ symbol: SYMBOL, interval, ...range, ...day, ...WITH_QUOTES }).toString();
}

async function stored(level: ChannelBars): Promise<Map<string, object>> {
  const response = await fetch(`${stack.query.url}/ohlc?${query(level)}`);
  const bars = (await response.json()) as Message[];
  return new Map(bars.map((bar) => [`${bar.bucket} ${bar.seq ?? ""}`, barOf(bar)]));
}

/** What a follower knows of a channel that read it over HTTP when it subscribed, and again where it was told to. */
async function known(level: ChannelBars, before: Map<string, object>): Promise<Map<string, object>> {
  const channel = ohlcChannel(SYMBOL, level);
  const bars = new Map(before);
  const now = await stored(level);
  const messages = client.messages.filter((message) => message.channel === channel);
  for (const { type, bar, from, to } of messages as (Message & { bar: Message; from: string; to: string })[]) {
    if (type === "gap") {
      const isIn = ([key]: [string, object]) =>
        Date.parse(key.split(" ")[0] ?? "") >= Date.parse(from) - 1 &&
        Date.parse(key.split(" ")[0] ?? "") <= Date.parse(to);
      for (const entry of [...bars]) if (isIn(entry)) bars.delete(entry[0]);
      for (const entry of now) if (isIn(entry)) bars.set(...entry);
    } else if (bar !== undefined) {
      const key = `${bar.bucket} ${bar.seq ?? ""}`;
      if (bar.tick_count === 0) bars.delete(key);
      else bars.set(key, barOf(bar));
    }
  }
  return bars;
}

const sorted = (bars: Map<string, object>) => [...bars].sort(([a], [b]) => (a < b ? -1 : 1));

test("bars of every interval, side and start of the day are what the read side answers, corrections and late ticks included", async () => {
  const cost = costs();
  const tick = (ms: number): PostedTick =>
    ({ symbol: SYMBOL, time: stack.timeFromNow(ms), ...cost.next().value }) as PostedTick;
  const past = Array.from({ length: 150 }, (_, i) => tick(-86_400_000 * 3 + i * 1_700_000));
  await stack.post(past);
  client = await TestClient.open(`${stack.gateway.wsUrl}/ws`);
  client.send({ op: "subscribe", id: 1, channels: LEVELS.map((level) => ohlcChannel(SYMBOL, level)) });
  await client.receives("the answer", ({ type }) => type === "subscribed");
  for (const level of LEVELS) {
    const channel = ohlcChannel(SYMBOL, level);
    await client.receives(`the first bar of ${channel}`, (message) => message.channel === channel, 20_000);
  }
  const before = new Map<ChannelBars, Map<string, object>>();
  for (const level of LEVELS) before.set(level, await stored(level));
  for (let round = 0; round < 30; round += 1) {
    await stack.post([tick(-300), tick(-900), tick(-5), tick(0), tick(0)]);
    if (round === 10)
      await stack
        .putTick(SYMBOL, past[100]?.time ?? "", { bid: 0.5, ask: 0.6 })
        .catch(() => stack.putTick(SYMBOL, past[100]?.time ?? "", 0.5));
    if (round === 15) await stack.post([tick(-40_000), tick(-7_200_000)]);
    if (round === 20) await stack.deleteTick(SYMBOL, past[60]?.time ?? "");
  }
  for (const level of LEVELS) {
    const isSame = async () => {
      const [told, right] = [await known(level, before.get(level) ?? new Map()), await stored(level)];
      expect([ohlcChannel(SYMBOL, level), sorted(told)]).toEqual([ohlcChannel(SYMBOL, level), sorted(right)]);
      return true;
    };
    await eventually(isSame, { timeoutMs: 15_000, what: "equal bars" });
  }
  const finals = client.messages.filter(({ type }) => type === "final").map(({ channel }) => channel);
  expect(new Set(finals)).toContain(`ohlc:${SYMBOL}:1s:quote`);
  expect(new Set(finals)).toContain(`ohlc:${SYMBOL}:10t:quote`);
  expect(await stack.metric("live_bar_mismatch_total")).toBe(0);
}, 90_000);
