import { eventually, type TestNginx, type TestService, testNginx, whyNoNginx } from "@fx-ohlc/testkit";
import { type Everything, impatientClient, System } from "../system.js";
import type { Side } from "./client-case.js";
import { RUNNING, SEEDED } from "./reading-cases.js";

/** How a request reaches its service. */
export const WAYS = ["by itself", "through the edge", "through nginx"] as const;
export type Way = (typeof WAYS)[number];

/** Whose word on who asks is taken: of both edges, and of this address. */
const TRUSTED = "127.0.0.2";

/** The whole system, each service also by its own address, behind the local edge and behind nginx as it is deployed. */
export class AddressedSystem {
  private constructor(
    readonly system: System,
    readonly services: Readonly<Record<Side, TestService>>,
    private readonly edge: TestService,
    private readonly nginx: TestNginx | undefined,
  ) {}

  static async start(): Promise<AddressedSystem> {
    const system = await System.create();
    try {
      const everything = await system.startAll({ TRUSTED_PROXIES: `127.0.0.1,${TRUSTED}` });
      const { ingest, query, gateway } = everything;
      await seed(everything);
      const ports = { tick_ingest: ingest.port, ohlc_query: query.port, stream_gateway: gateway.port };
      const nginx = whyNoNginx() === undefined ? await testNginx({ services: ports, trusted: TRUSTED }) : undefined;
      const services = { ingest, query, gateway };
      const edge = await system.startEdge(services, { TRUSTED_PROXIES: TRUSTED });
      return new AddressedSystem(system, services, edge, nginx);
    } catch (error) {
      await system.stop();
      throw error;
    }
  }

  portOf(way: Way, side: Side): number {
    if (way === "by itself") return this.services[side].port;
    const { port } = way === "through the edge" ? this.edge : (this.nginx ?? this.edge);
    return port;
  }

  async stop(): Promise<void> {
    await this.nginx?.stop();
    await this.system.stop();
  }
}

/** What readers ask for. */
async function seed({ edge, query }: Everything): Promise<void> {
  const client = impatientClient(edge);
  const ticks = Array.from({ length: 20 }, (_, at) => ({
    symbol: SEEDED,
    price: 1 + at / 100,
    time: new Date(Date.UTC(2026, 2, 1, 0, 0, at * 30)).toISOString(),
  }));
  await client.postTicks([...ticks, { symbol: RUNNING, price: 1.5 }, { symbol: "EURUSD", price: 1.1 }]);
  // Late ticks are in the bars soon.
  const bars = `${query.url}/ohlc/minute?symbol=${SEEDED}&start=2026-03-01&end=2026-03-02&limit=10`;
  await eventually(async () => ((await (await fetch(bars)).json()) as unknown[]).length === 10, { what: "the bars" });
}
