import { parseOffset, type WireTick } from "@fx-ohlc/schemas";
import {
  eventually,
  type FaultProxy,
  faultProxy,
  startService,
  type TestRedis,
  type TestService,
  testRedis,
} from "@fx-ohlc/testkit";
import { TestPublisher, testTick } from "./feed/test-publisher.js";
import { type Message, TestClient } from "./support/test-client.js";

/**
 * Two gateways, each behind a faulty network to one Redis, and clients of every temper, while connections are cut and frozen and
 * a gateway is killed. What each client received, with what it was told it skipped, must be exactly what was published.
 */
const SYMBOLS = ["AAA", "BBB", "CCC"];
const CLIENTS = 24;
/** The faults of a run are drawn from this; another one is another run. */
const SEED = Number(process.env.FX_SEED ?? 20_140_508);

let redis: TestRedis;
let publisher: TestPublisher;
let proxies: FaultProxy[];
let gateways: TestService[];

beforeAll(async () => {
  redis = await testRedis();
  publisher = new TestPublisher(redis.url);
  await publisher.open();
  proxies = await Promise.all([faultProxy(redis.url), faultProxy(redis.url)]);
  const settings = { LOG_LEVEL: "error", LAG_AFTER_MS: "400", DRAIN_MS: "0" };
  gateways = await Promise.all(
    proxies.map(({ url }) => startService({ name: "stream-gateway", env: { ...settings, REDIS_URL: url } })),
  );
}, 120_000);

afterAll(async () => {
  await Promise.all(gateways.map((gateway) => gateway.stop()));
  await Promise.all(proxies.map((proxy) => proxy.close()));
  publisher.close();
  await redis.drop();
}, 60_000);

/** A small generator of reproducible randomness (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Temper = "steady" | "slow" | "restless";

/** A client that comes back whenever its connection ends, and resumes. It keeps what it was told, by symbol. */
class LastingClient {
  readonly told = new Map<string, Message[]>(SYMBOLS.map((symbol) => [symbol, []]));
  readonly #offsets = new Map<string, string>();
  #client: TestClient | undefined;
  #isEnded = false;
  #connections = 0;
  unrecovered = 0;

  constructor(
    readonly temper: Temper,
    private readonly random: () => number,
  ) {}

  async run(): Promise<void> {
    while (!this.#isEnded) await this.#connectOnce().catch(() => undefined);
  }

  /** One act of its temper. */
  act(): void {
    if (this.temper === "restless" && this.random() < 0.05) this.#client?.end();
    if (this.temper !== "slow") return;
    const mood = this.random();
    if (mood < 0.1) this.#client?.ws.pause();
    else if (mood > 0.9) this.calm();
  }

  calm(): void {
    if (this.#client?.ws.isPaused) this.#client.ws.resume();
  }

  end(): void {
    this.#isEnded = true;
    this.#client?.end();
  }

  async #connectOnce(): Promise<void> {
    const gateway = gateways[Math.floor(this.random() * gateways.length)];
    const client = new TestClient(`ws://127.0.0.1:${gateway?.port}/ws`);
    await eventually(() => client.ws.readyState !== client.ws.CONNECTING);
    if (client.ws.readyState !== client.ws.OPEN) return;
    const since = Object.fromEntries(this.#offsets);
    client.ws.on("message", (data) => this.#take(JSON.parse(String(data))));
    client.send({ id: 1, op: "subscribe", channels: SYMBOLS.map((symbol) => `ticks:${symbol}`), since });
    this.#client = client;
    await eventually(() => client.closed, { timeoutMs: 120_000 });
    this.#client = undefined;
  }

  #take(message: Message): void {
    if (message.type === "subscribed") this.#begin(message.channels);
    const symbol = String(message.channel).slice("ticks:".length);
    if (!["ticks", "conflated", "gap"].includes(message.type)) return;
    this.told.get(symbol)?.push(message);
    if (message.type === "ticks") this.#offsets.set(message.channel, message.offset);
  }

  #begin(channels: readonly Message[]): void {
    this.#connections += 1;
    for (const { channel, offset, recovered } of channels) {
      if (this.#offsets.has(channel) && !recovered) this.unrecovered += 1;
      if (!this.#offsets.has(channel)) this.#offsets.set(channel, offset);
    }
  }

  get connections(): number {
    return this.#connections;
  }
}

/**
 * Every message holds one tick, so sequences count ticks: each step from one received offset to the next is 1, or as much more as
 * the account before it says. Answers what is not so; nothing when all is well.
 */
function flawsIn(messages: readonly Message[], first: number, last: number): string[] {
  const flaws: string[] = [];
  let expected = first;
  for (const message of messages) {
    if (message.type === "gap") flaws.push(`a gap before ${expected}`);
    if (message.type === "conflated") expected += message.skipped;
    if (message.type !== "ticks") continue;
    const sequence = parseOffset(message.offset)?.sequence;
    const times = message.ticks.map(({ time }: WireTick) => time).join();
    if (sequence !== expected) flaws.push(`${sequence} where ${expected} was due`);
    if (times !== testTick(expected).time) flaws.push(`${expected} brought the ticks ${times}`);
    expected += 1;
  }
  if (expected - 1 !== last) flaws.push(`it ends with ${expected - 1} of ${last}`);
  return flaws;
}

test(`nothing is lost and nothing comes twice, through cuts, freezes and a killed gateway (seed ${SEED})`, async () => {
  const random = randomFrom(SEED);
  const published = new Map(SYMBOLS.map((symbol) => [symbol, 0]));
  const publish = async () => {
    for (const symbol of SYMBOLS) {
      const sequence = (published.get(symbol) ?? 0) + 1;
      await publisher.ticks(symbol, [testTick(sequence)]);
      published.set(symbol, sequence);
    }
  };
  await publish();
  const tempers: Temper[] = ["steady", "slow", "restless"];
  const clients = Array.from(
    { length: CLIENTS },
    (_, index) => new LastingClient(tempers[index % 3] ?? "steady", random),
  );
  const running = clients.map((client) => client.run());
  await eventually(() => clients.every(({ connections }) => connections > 0));
  const faults = [
    () => proxies[0]?.cut(),
    () => proxies[1]?.freeze(),
    () => proxies[0]?.freeze(),
    () => Promise.all(proxies.map((proxy) => proxy.pass())),
    () => proxies[1]?.refuse(),
    () => Promise.all(proxies.map((proxy) => proxy.pass())),
    () => gateways[0]?.kill9(),
    () => gateways[0]?.start(),
    () => proxies[1]?.cut(),
  ];
  for (const fault of faults) {
    const fateMs = performance.now() + 800 + random() * 1200;
    while (performance.now() < fateMs) {
      await publish();
      for (const client of clients) client.act();
    }
    await fault();
  }
  await Promise.all(proxies.map((proxy) => proxy.pass()));
  for (const client of clients) client.calm();
  for (let count = 0; count < 20; count += 1) await publish();
  const last = (symbol: string) => published.get(symbol) ?? 0;
  const newestOf = (messages: readonly Message[]) => parseOffset(messages.at(-1)?.offset)?.sequence;
  await eventually(
    () => clients.every(({ told }) => [...told].every(([symbol, messages]) => newestOf(messages) === last(symbol))),
    { timeoutMs: 30_000, what: "every client to have the last tick of every symbol" },
  );
  for (const client of clients) {
    expect(client.unrecovered).toBe(0);
    for (const [symbol, messages] of client.told) expect(flawsIn(messages, 2, last(symbol))).toEqual([]);
  }
  expect(clients.some(({ connections }) => connections > 3)).toBe(true);
  expect(clients.some(({ told }) => [...told.values()].flat().some(({ type }) => type === "conflated"))).toBe(true);
  for (const client of clients) client.end();
  await Promise.all(running);
}, 120_000);

test("a Redis that lost everything is a declared gap to every client, and the new stream is complete from its first message", async () => {
  const clients = await Promise.all(
    [0, 1, 0, 1].map(async (which) => {
      const client = await TestClient.open(`ws://127.0.0.1:${gateways[which]?.port}/ws`);
      await client.ask({ id: 1, op: "subscribe", channels: ["ticks:*"] });
      return client;
    }),
  );
  await publisher.empty("epoch2");
  for (let sequence = 1; sequence <= 50; sequence += 1) await publisher.ticks("AAA", [testTick(sequence)]);
  for (const client of clients) {
    const ofSymbol = () =>
      client.messages.filter(({ channel, type }) => channel === "ticks:AAA" && type !== "subscribed");
    await eventually(() => ofSymbol().length === 51);
    const [gap, ...ticks] = ofSymbol();
    expect(gap).toMatchObject({ type: "gap", reason: "lost" });
    expect(ticks.map(({ offset }) => offset)).toEqual(Array.from({ length: 50 }, (_, index) => `epoch2-${index + 1}`));
    client.end();
  }
}, 60_000);
