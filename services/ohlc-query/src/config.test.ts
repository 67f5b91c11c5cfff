import { ConfigError, readEnv } from "@fx-ohlc/service-kit";
import { readConfig } from "./config.js";

const DATABASE_URL = "postgres://user:secret@db:5432/fx";

test("only the database has to be named", () => {
  expect(readEnv({ DATABASE_URL }, readConfig)).toEqual({
    port: 8002,
    logLevel: "info",
    shutdownGraceMs: 0,
    databaseUrl: DATABASE_URL,
    databaseReadUrl: undefined,
    databasePrepare: true,
    databaseConnectionsMax: 8,
    queryTimeoutMs: 5000,
  });
});

test("every wrong variable is named at once", () => {
  const env = { PORT: "x", DATABASE_PREPARE: "maybe", QUERY_TIMEOUT_MS: "10", DATABASE_CONNECTIONS_MAX: "0" };
  expect(() => readEnv(env, readConfig)).toThrow(ConfigError);
  expect(() => readEnv(env, readConfig)).toThrow(
    /PORT .*; DATABASE_URL is required.*; DATABASE_PREPARE .*; DATABASE_CONNECTIONS_MAX .*; QUERY_TIMEOUT_MS must be a whole number of ms/,
  );
});
