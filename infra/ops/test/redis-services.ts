import { FxClient } from "@fx-ohlc/client";
import { eventually, startService, type TestDatabase, type TestService, testDatabase } from "@fx-ohlc/testkit";
import { Listener } from "../src/drill/listener.js";
import { type Production, produce } from "../src/drill/producer.js";

/** A client that a busy machine holds up is not what is tested: nothing is conflated for it. */
const PATIENT = { LAG_AFTER_MS: "60000", STUCK_AFTER_MS: "120000" };
/** Ticks a second of each symbol. */
const RATE = 40;

/** tick-ingest, ohlc-query and a gateway on a Redis of any kind, with producers and stream clients. */
export class RedisServices {
  private constructor(
    private readonly symbols: readonly string[],
    private readonly database: TestDatabase,
    private readonly services: readonly TestService[],
    private readonly writes: FxClient,
    private readonly streams: FxClient,
  ) {}

  /** @param env names the Redis */
  static async start(symbols: readonly string[], env: Readonly<Record<string, string>>): Promise<RedisServices> {
    const database = await testDatabase();
    const all = { DATABASE_URL: database.url, LOG_LEVEL: "error", ...env };
    const [ingest, query] = await Promise.all([
      startService({ name: "tick-ingest", env: all }),
      startService({ name: "ohlc-query", env: all }),
    ]);
    const gateway = await startService({
      name: "stream-gateway",
      env: { ...all, ...PATIENT, OHLC_QUERY_URL: query.url },
    });
    const writes = new FxClient({ url: ingest.url, retry: { attemptsMax: 1 } });
    // Gaps are to be told of, not mended: history is asked of a service that has none.
    const streams = new FxClient({ url: gateway.url, retry: { attemptsMax: 1 } });
    return new RedisServices(symbols, database, [ingest, query, gateway], writes, streams);
  }

  async stop(): Promise<void> {
    await Promise.all(this.services.map((service) => service.stop()));
    await this.database.drop();
  }

  /** One client for each symbol, connected. */
  async listen(): Promise<ReadonlyMap<string, Listener>> {
    const listeners = new Map(this.symbols.map((symbol) => [symbol, new Listener(this.streams, symbol)]));
    for (const listener of listeners.values()) void listener.listen();
    await eventually(() => [...listeners.values()].every((listener) => listener.isLive));
    return listeners;
  }

  /** Clients that come now get every tick that is posted then, and are told of no gap. */
  async expectWhole(): Promise<void> {
    const listeners = await this.listen();
    try {
      await expectAllTold(listeners, await this.produceDuring(2, async () => undefined));
    } finally {
      for (const listener of listeners.values()) listener.stop();
    }
    expect(declaredOf(listeners)).toEqual(this.symbols.map(() => 0));
  }

  /** Posts ticks of every symbol for some seconds while something happens, and until it has happened. */
  async produceDuring(seconds: number, happens: () => Promise<unknown>): Promise<Map<string, Production>> {
    const untilMs = Date.now() + seconds * 1000;
    const producing = this.symbols.map(
      async (symbol) => [symbol, await produce(this.writes, symbol, RATE, () => Date.now() >= untilMs)] as const,
    );
    await happens();
    return new Map(await Promise.all(producing));
  }
}

/** Every acknowledged tick reached its symbol's client, or the client was told of a gap that holds it; none came twice. */
export async function expectAllTold(
  listeners: ReadonlyMap<string, Listener>,
  sent: ReadonlyMap<string, Production>,
): Promise<void> {
  for (const [symbol, { acknowledged }] of sent) {
    expect(acknowledged.size).toBeGreaterThan(0);
    const missing = () => listeners.get(symbol)?.missing(acknowledged);
    await eventually(() => missing()?.length === 0, { what: `all of ${symbol} to be told` });
    expect([symbol, listeners.get(symbol)?.repeated]).toEqual([symbol, 0]);
  }
}

/** How many gaps each client was told of. */
function declaredOf(listeners: ReadonlyMap<string, Listener>): number[] {
  return [...listeners.values()].map(({ declared }) => declared);
}
