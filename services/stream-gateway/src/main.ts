import { readFileSync } from "node:fs";
import { openTracer, readEnv, runService, tracedUntilStopped } from "@fx-ohlc/service-kit";
import { createApp } from "./app.js";
import { readConfig } from "./config.js";

const manifest: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
const version =
  typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "";

void runService("stream-gateway", process, async ({ env }) => {
  const config = readEnv(env, readConfig);
  const tracer = await openTracer("stream-gateway", version, env);
  return tracedUntilStopped(createApp(config, version, tracer), tracer);
});
