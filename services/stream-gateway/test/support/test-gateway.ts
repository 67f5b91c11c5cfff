import { readEnv } from "@fx-ohlc/service-kit";
import { eventually } from "@fx-ohlc/testkit";
import { createApp } from "../../src/app.js";
import { readConfig } from "../../src/config.js";

/** A gateway in this process, on a port of its own. */
export interface TestGateway {
  readonly httpUrl: string;
  readonly wsUrl: string;
  stop(): Promise<void>;
}

/** Nothing listens there: for tests that need no bars. */
const NO_QUERY_URL = "http://127.0.0.1:1";

/** Starts a gateway and waits until it serves. */
export async function testGateway(redisUrl: string, env: Readonly<Record<string, string>> = {}): Promise<TestGateway> {
  const defaults = { REDIS_URL: redisUrl, OHLC_QUERY_URL: NO_QUERY_URL, PORT: "0", LOG_LEVEL: "error", DRAIN_MS: "0" };
  const app = createApp(readEnv({ ...defaults, ...env }, readConfig), "test");
  await app.start();
  const host = `127.0.0.1:${app.port}`;
  await eventually(async () => (await fetch(`http://${host}/ready`)).ok, { what: "the gateway to be ready" });
  return { httpUrl: `http://${host}`, wsUrl: `ws://${host}`, stop: () => app.stop() };
}
