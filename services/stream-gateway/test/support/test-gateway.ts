import { readEnv } from "@fx-ohlc/service-kit";
import { eventually } from "@fx-ohlc/testkit";
import { createApp } from "../../src/app.js";
import { readConfig } from "../../src/config.js";
import { queryStub } from "./query-stub.js";

/** A gateway in this process, on a port of its own. */
export interface TestGateway {
  readonly httpUrl: string;
  readonly wsUrl: string;
  stop(): Promise<void>;
}

/** Starts a gateway and waits until it serves; the database it is told of by default is one of the first version. */
export async function testGateway(redisUrl: string, env: Readonly<Record<string, string>> = {}): Promise<TestGateway> {
  const stub = env.OHLC_QUERY_URL === undefined ? await queryStub() : undefined;
  const query = stub === undefined ? {} : { OHLC_QUERY_URL: stub.url };
  const defaults = { REDIS_URL: redisUrl, PORT: "0", LOG_LEVEL: "error", DRAIN_MS: "0", ...query };
  const app = createApp(readEnv({ ...defaults, ...env }, readConfig), "test");
  await app.start();
  const host = `127.0.0.1:${app.port}`;
  await eventually(async () => (await fetch(`http://${host}/ready`)).ok, { what: "the gateway to be ready" });
  const stop = async () => {
    await app.stop();
    await stub?.stop();
  };
  return { httpUrl: `http://${host}`, wsUrl: `ws://${host}`, stop };
}
