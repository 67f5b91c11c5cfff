import { FX_WEEK, MarketSessions, parseSession } from "@fx-ohlc/schemas";
import { ConfigError, readEnv } from "@fx-ohlc/service-kit";
import { readConfig } from "./config.js";

const DATABASE_URL = "postgres://user:secret@db:5432/fx";

test("only the database has to be named", () => {
  expect(readEnv({ DATABASE_URL }, readConfig)).toEqual({
    port: 8002,
    logLevel: "info",
    shutdownGraceMs: 0,
    replicasExpected: 0,
    access: expect.objectContaining({ redis: undefined, internalSecret: undefined }),
    databaseUrl: DATABASE_URL,
    databaseReadUrl: undefined,
    barCacheMb: 128,
    databasePrepare: true,
    databaseConnectionsMax: 8,
    queryTimeoutMs: 5000,
    marketSessions: [],
  });
});

test("with tokens it has to know Redis, where the keys are, and the deployment's secret", () => {
  expect(() => readEnv({ DATABASE_URL, AUTH: "on" }, readConfig)).toThrow(/REDIS_URL.*INTERNAL_SECRET/);
});

test("every wrong variable is named at once", () => {
  const env = { PORT: "x", DATABASE_PREPARE: "maybe", QUERY_TIMEOUT_MS: "10", DATABASE_CONNECTIONS_MAX: "0" };
  expect(() => readEnv(env, readConfig)).toThrow(ConfigError);
  expect(() => readEnv(env, readConfig)).toThrow(
    /PORT .*; DATABASE_URL is required.*; DATABASE_PREPARE .*; DATABASE_CONNECTIONS_MAX .*; QUERY_TIMEOUT_MS must be a whole number of ms/,
  );
});

test("the rule that names a symbol most exactly gives it its session, the FX week where none does", () => {
  const { marketSessions } = readEnv(
    { DATABASE_URL, MARKET_SESSIONS: "BTC*=always, BTCX = Mon 09:00-Fri 17:30 Europe/London,*=always" },
    readConfig,
  );
  const sessions = new MarketSessions(marketSessions);
  expect([sessions.of("BTCUSD"), sessions.of("EURUSD")]).toEqual(["always", "always"]);
  expect(sessions.of("BTCX")).toMatchObject({ timezone: "Europe/London" });
  expect(new MarketSessions([]).of("EURUSD")).toEqual(parseSession(FX_WEEK));
});

test.each([
  ["BTC*", "entry 1 must be"],
  ["BTC*=always,=always", "entry 2 must be"],
  ["EURUSD=Sun 17:00-Fri 17:00", "entry 1 must be"],
  ["EUR USD=always", "entry 1 must be"],
  ["BTC*=always,GBPUSD=always,btc*=always", "entry 3 repeats"],
])("MARKET_SESSIONS=%s is refused in one line that says where", (MARKET_SESSIONS, message) => {
  expect(() => readEnv({ DATABASE_URL, MARKET_SESSIONS }, readConfig)).toThrow(`MARKET_SESSIONS ${message}`);
});
