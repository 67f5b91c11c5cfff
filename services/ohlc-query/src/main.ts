import { openTracer, packageVersion, readEnv, runService, tracedUntilStopped } from "@fx-ohlc/service-kit";
import { createApp } from "./app.js";
import { readConfig } from "./config.js";

const version = packageVersion(new URL("../package.json", import.meta.url));

void runService("ohlc-query", process, async ({ env, signal }) => {
  const config = readEnv(env, readConfig);
  const tracer = await openTracer("ohlc-query", version, env);
  return tracedUntilStopped(createApp(config, version, signal, tracer), tracer);
});
