import { migrate } from "@fx-ohlc/database";
import { faultProxy, testDatabase, testPostgres } from "@fx-ohlc/testkit";
import type { Database } from "./system.js";

/** A database with one fault that can begin and end. */
export interface FaultyDatabase extends Database {
  /** Where services reach it, fault included; `url` itself may be another way to it. */
  readonly serviceUrl: string;
  begin(): unknown;
  end(): unknown;
}

/** A server of its own, of plain PostgreSQL: the one of the run may not be stopped. */
async function ownServer() {
  const server = await testPostgres();
  await migrate({
    url: server.url,
    engine: "postgres",
    dayBoundary: { hour: 22, timezone: "UTC" },
    compressionAfterDays: 0,
    retentionDays: 0,
    refreshIntervals: { minute: 5, hour: 30, day: 300 },
  });
  return { server, url: server.url, serviceUrl: server.url, drop: () => server.drop() };
}

/** A database on the server of the run, of either engine, behind a network that can fail. */
async function behindProxy() {
  const database = await testDatabase();
  const proxy = await faultProxy(database.url);
  const drop = async (): Promise<void> => {
    await proxy.close();
    await database.drop();
  };
  return { proxy, url: database.url, serviceUrl: proxy.url, drop };
}

/** Past the pauses between reconnections, ms. */
const OUTAGE_MS = 4_000;
/** Past the 10 s after which connections that are silent are given up, ms. */
const SILENCE_MS = 12_000;

/** Every way in which a database goes away, and for how long it does in a test. */
export const DATABASE_FAULTS: readonly {
  readonly fault: string;
  readonly outageMs: number;
  open(): Promise<FaultyDatabase>;
}[] = [
  {
    fault: "stopped",
    outageMs: OUTAGE_MS,
    open: async () => {
      const { server, ...database } = await ownServer();
      return { ...database, begin: () => server.stop(), end: () => server.start() };
    },
  },
  {
    fault: "frozen",
    outageMs: OUTAGE_MS,
    open: async () => {
      const { server, ...database } = await ownServer();
      return { ...database, begin: () => server.freeze(), end: () => server.thaw() };
    },
  },
  {
    fault: "unreachable",
    outageMs: OUTAGE_MS,
    open: async () => {
      const { proxy, ...database } = await behindProxy();
      return { ...database, begin: () => proxy.refuse(), end: () => proxy.pass() };
    },
  },
  {
    fault: "silent",
    outageMs: SILENCE_MS,
    open: async () => {
      const { proxy, ...database } = await behindProxy();
      return { ...database, begin: () => proxy.freeze(), end: () => proxy.pass() };
    },
  },
];
