import { readFileSync } from "node:fs";
import { openTracer, readEnv, runService, tracedUntilStopped } from "@fx-ohlc/service-kit";
import { createApp } from "./app.js";
import { readConfig } from "./config.js";

const manifest: unknown = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));
const version =
  typeof manifest === "object" && manifest !== null && "version" in manifest ? String(manifest.version) : "";

void runService("archiver", process, async ({ env, signal }) => {
  const config = readEnv(env, readConfig);
  const tracer = await openTracer("archiver", version, env);
  return tracedUntilStopped(createApp(config, version, signal, tracer), tracer);
});
