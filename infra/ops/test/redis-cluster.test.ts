import { FxClient } from "@fx-ohlc/client";
import { streamNames } from "@fx-ohlc/schemas";
import {
  eventually,
  startService,
  type TestRedisCluster,
  type TestService,
  testDatabase,
  testRedisCluster,
} from "@fx-ohlc/testkit";
import { Listener } from "../src/drill/listener.js";
import { type Production, produce } from "../src/drill/producer.js";

/** On three different nodes of a cluster of three. */
const SYMBOLS = ["EURUSD", "GBPUSD", "USDJPY", "AUDUSD", "USDCHF", "NZDUSD"];
const RATE = 40;
/** A symbol's node is the same in every namespace. */
const { streamKey } = streamNames("");

describe("tick-ingest and stream-gateway on a Redis Cluster of three masters", () => {
  let cluster: TestRedisCluster;
  let database: Awaited<ReturnType<typeof testDatabase>>;
  const services: TestService[] = [];
  let writes: FxClient;
  let streams: FxClient;

  beforeAll(async () => {
    [database, cluster] = await Promise.all([testDatabase(), testRedisCluster()]);
    const env = { DATABASE_URL: database.url, REDIS_URL: cluster.url, REDIS_CLUSTER: "1", LOG_LEVEL: "error" };
    const start = async (name: string, more: Record<string, string> = {}): Promise<TestService> => {
      const service = await startService({ name, env: { ...env, ...more } });
      services.push(service);
      return service;
    };
    const [ingest, query] = await Promise.all([start("tick-ingest"), start("ohlc-query")]);
    const gateway = await start("stream-gateway", { OHLC_QUERY_URL: query.url });
    writes = new FxClient({ url: ingest.url, retry: { attemptsMax: 1 } });
    // Gaps are to be told of, not mended: history is asked of a service that has none.
    streams = new FxClient({ url: gateway.url, retry: { attemptsMax: 1 } });
  }, 120_000);

  afterAll(async () => {
    await Promise.all(services.map((service) => service.stop()));
    await Promise.all([database.drop(), cluster.drop()]);
  }, 60_000);

  /** Posts ticks of every symbol for some seconds while something happens to the cluster. */
  async function produceDuring(seconds: number, happens: () => Promise<unknown>): Promise<Map<string, Production>> {
    const untilMs = Date.now() + seconds * 1000;
    const producing = SYMBOLS.map(async (symbol) => [symbol, await produce(writes, symbol, RATE, untilMs)] as const);
    await happens();
    return new Map(await Promise.all(producing));
  }

  async function expectAllTold(listeners: ReadonlyMap<string, Listener>, sent: Map<string, Production>): Promise<void> {
    for (const [symbol, { acknowledged }] of sent) {
      const missing = () => listeners.get(symbol)?.missing(acknowledged);
      await eventually(() => missing()?.length === 0, { timeoutMs: 30_000, what: `all of ${symbol} to be told` });
    }
  }

  test("every tick of every symbol reaches a client, whichever node holds it", async () => {
    const ports = await Promise.all(SYMBOLS.map((symbol) => cluster.portOf(streamKey(symbol))));
    expect(new Set(ports).size).toBe(3);
    const listeners = await listen();
    await expectAllTold(listeners, await produceDuring(2, async () => undefined));
    for (const listener of listeners.values()) {
      expect([listener.declared, listener.repeated]).toEqual([0, 0]);
      listener.stop();
    }
  }, 60_000);

  test("when a master is killed and failed over, clients get every tick or are told which they missed", async () => {
    const listeners = await listen();
    const victim = await nodeOf("EURUSD");
    const sent = await produceDuring(8, async () => {
      await victim.kill9();
      await eventually(async () => (await cluster.portOf(streamKey("EURUSD"))) !== victim.port, {
        timeoutMs: 30_000,
        what: "a replica to take over",
      });
    });
    await expectAllTold(listeners, sent);
    const [safe = ""] = await symbolsNotOn(victim.port);
    // A commit of many symbols that could not be told of in time is declared for all of them: that says too much, not too little.
    expect(listeners.get(safe)?.repeated).toBe(0);
    for (const listener of listeners.values()) listener.stop();
  }, 120_000);

  /** One client for each symbol, connected. */
  async function listen(): Promise<ReadonlyMap<string, Listener>> {
    const listeners = new Map(SYMBOLS.map((symbol) => [symbol, new Listener(streams, symbol)]));
    for (const listener of listeners.values()) void listener.listen();
    await eventually(() => [...listeners.values()].every((listener) => listener.isLive));
    return listeners;
  }

  async function nodeOf(symbol: string): Promise<TestRedisCluster["nodes"][number]> {
    const port = await cluster.portOf(streamKey(symbol));
    const node = cluster.nodes.find((candidate) => candidate.port === port);
    if (node === undefined) throw new Error(`no node holds ${symbol}`);
    return node;
  }

  async function symbolsNotOn(port: number): Promise<string[]> {
    const owned = await Promise.all(
      SYMBOLS.map(async (symbol) => [symbol, await cluster.portOf(streamKey(symbol))] as const),
    );
    const taken = owned.find(([symbol]) => symbol === "EURUSD")?.[1];
    return owned.filter(([, owner]) => owner !== port && owner !== taken).map(([symbol]) => symbol);
  }
});
