import { ConfigError, readEnv } from "@fx-ohlc/service-kit";
import { readConfig } from "./config.js";

const REQUIRED = { REDIS_URL: "redis://127.0.0.1:6379" };

test("the configuration needs nothing but Redis", () => {
  expect(readEnv(REQUIRED, readConfig)).toMatchObject({
    port: 8003,
    ohlcQueryUrl: "http://127.0.0.1:8002",
    finalGraceUs: 2_000_000,
  });
});

test.each([
  ["no Redis", {}, "REDIS_URL"],
  ["an origin with a path", { ...REQUIRED, ALLOWED_ORIGINS: "https://a.example/page" }, "ALLOWED_ORIGINS"],
  ["stuck before lagging", { ...REQUIRED, LAG_AFTER_MS: "5000", STUCK_AFTER_MS: "5000" }, "STUCK_AFTER_MS"],
])("is refused with %s, and the variable is named", (_name, env, variable) => {
  expect(() => readEnv(env, readConfig)).toThrow(ConfigError);
  expect(() => readEnv(env, readConfig)).toThrow(variable);
});
